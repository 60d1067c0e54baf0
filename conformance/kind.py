"""The base of all kinds of event that a history holds."""

from __future__ import annotations

import msgspec


class BaseKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """One kind of event; its tag is its name in files."""
