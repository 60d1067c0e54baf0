"""A recorder client that offers gzip and cannot read it."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Offers(V2):
    def _answered(self, event: h2.events.ResponseReceived) -> None:
        super()._answered(event)
        self._unzip = None


class _Upload(Upload):
    def v2(self) -> V2:
        return _Offers(self, self.address)


MUTANT = Mutant(
    name="reads-no-gzip",
    part="driver",
    summary="takes a compressed answer for what it stands for",
    breaks=("v2-8", "machine-2"),
    shown_by=("answers/gzip",),
    overlay={Upload: _Upload},
)
