"""A recorder client that takes a 200 before the interim 100 for a yes."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import OK, V1


class _Takes(V1):
    def _final(self, status: int) -> None:
        if self._continued or status != OK:
            super()._final(status)
            return
        self._continued = True
        self._wire.opened()


class _Upload(Upload):
    def v1(self) -> V1:
        return _Takes(self, self.address)


MUTANT = Mutant(
    name="takes-early-200",
    part="driver",
    summary="begins a v1 upload that was answered 200 before its body",
    breaks=("v1-5", "machine-2"),
    shown_by=("choosing/early-200",),
    overlay={Upload: _Upload},
)
