"""A recorder client that takes every GOAWAY for the end."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Leaves(V2):
    def _going_away(self, event: h2.events.ConnectionTerminated) -> None:  # noqa: ARG002
        self._leaving = True
        self._wire.failed("the recorder is going away")


class _Upload(Upload):
    def v2(self) -> V2:
        return _Leaves(self, self.address)


MUTANT = Mutant(
    name="leaves-at-goaway",
    part="driver",
    summary="ends a v2 upload at a graceful GOAWAY that covers it",
    breaks=("v2-15", "machine-2"),
    shown_by=("answers/going-away",),
    overlay={Upload: _Upload},
)
