"""An SSH server all of whose notices are of one type."""

from __future__ import annotations

from conformance.wire import (
    NoticeType,
)
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _OneType(Client):
    def notice(self, event_type: int) -> Effects:  # noqa: ARG002
        return super().notice(NoticeType.FAILED)


MUTANT = Mutant(
    name="notices-of-one-type",
    part="client",
    summary="says of every failure that the session went on",
    breaks=("notice-2",),
    shown_by=("reject/exec",),
    overlay={Client: _OneType},
)
