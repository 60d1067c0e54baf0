"""A recorder client that does not wait for the 200 headers."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Hasty(V2):
    def open(self) -> None:
        super().open()
        self._wire.opened()


class _Upload(Upload):
    def v2(self) -> V2:
        return _Hasty(self, self.address)


MUTANT = Mutant(
    name="sends-before-200",
    part="driver",
    summary="begins the body of a v2 upload right behind its head",
    breaks=("v2-1",),
    shown_by=("basic/v2-shell",),
    overlay={Upload: _Upload},
)
