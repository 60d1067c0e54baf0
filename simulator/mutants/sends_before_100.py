"""A recorder client that does not wait for the interim 100."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import V1


class _Hasty(V1):
    def open(self) -> None:
        super().open()
        self._continued = True
        self._wire.opened()


class _Upload(Upload):
    def v1(self) -> V1:
        return _Hasty(self, self.address)


MUTANT = Mutant(
    name="sends-before-100",
    part="driver",
    summary="begins the body of a v1 upload right behind its head",
    breaks=("v1-1",),
    shown_by=("basic/v1-shell",),
    overlay={Upload: _Upload},
)
