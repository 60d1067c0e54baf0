"""The types of a policy: what a policy file says about SSH, each thing with its place.

Source: protocol facts, section 2, and the public reference of the tailnet policy file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from conformance.hujson import HuJsonError
from conformance.wire import SSHAction

DOMAIN_USERS = re.compile(r"user:\*@([^@*\s]+)")
"""A source: all users whose login is in a domain."""

LOCAL_PART = re.compile(r"localpart:\*@([^@*\s]+)")
"""An SSH user: the part before the @ of a login in a domain."""


class PolicyError(HuJsonError):
    """HuJSON that is no policy; `line` and `column` count from 1."""


class Name(msgspec.Struct, frozen=True):
    """One name in a policy, blanks around it taken away, and where it stands."""

    text: str
    line: int
    column: int


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of the `ssh` section. `line` and `column` are where its object starts."""

    index: int
    """Position in the section, from 0."""
    line: int
    column: int
    action: str
    """``accept`` or ``check``."""
    src: tuple[Name, ...]
    dst: tuple[Name, ...]
    users: tuple[Name, ...]
    check_period: Name | None = None
    accept_env: tuple[str, ...] = ()
    src_posture: tuple[Name, ...] = ()
    recorder: tuple[Name, ...] = ()
    enforce_recorder: Name | None = None
    """``true`` or ``false`` as written; None when the key is absent."""

    @property
    def enforced(self) -> bool:
        """Whether sessions are refused and ended when they cannot be recorded."""
        return self.enforce_recorder is not None and self.enforce_recorder.text == "true"

    @property
    def number(self) -> int:
        """Position in the section, from 1, as people count."""
        return self.index + 1


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy file says about SSH; other sections are accepted and not kept."""

    groups: Mapping[str, tuple[str, ...]] = {}
    """Logins by ``group:NAME``."""
    hosts: Mapping[str, str] = {}
    tag_owners: Mapping[str, tuple[str, ...]] = {}
    """Who may give a tag to a node, by ``tag:NAME``."""
    ssh: tuple[Rule, ...] = ()
    unknown: tuple[Name, ...] = ()
    """Top-level keys that no policy file of Tailscale has."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says about one connection."""

    rule: Rule | None
    """The rule that matched; None: no rule did, and the connection is refused."""
    action: SSHAction
    """The first action: accept, reject, or (`check`) hold and delegate."""
    final: SSHAction
    """The action that lets the user in; the same as `action` unless the rule is a `check`."""
    local_user: str
    """The user account on the destination; empty when refused."""


class PolicyWarning(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a policy that people get wrong. `kind` is its stable name."""

    line: int
    column: int
    kind: str
    message: str
