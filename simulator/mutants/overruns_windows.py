"""A recorder client that writes as much as the kernel takes."""

from __future__ import annotations

from hyperframe.frame import DataFrame

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2

FRAME = 1 << 14


class _Overruns(V2):
    def flush(self) -> None:
        while self._pending:
            frame = DataFrame(self._upload, bytes(self._pending[:FRAME]))
            del self._pending[:FRAME]
            self._wire.write(frame.serialize())
        if self._closing:
            self._closing = False
            self._wire.write(DataFrame(self._upload, flags=["END_STREAM"]).serialize())


class _Upload(Upload):
    def v2(self) -> V2:
        return _Overruns(self, self.address)


MUTANT = Mutant(
    name="overruns-windows",
    part="driver",
    summary="does not look at the recorder's windows",
    breaks=("v2-10",),
    shown_by=("answers/stands-still",),
    overlay={Upload: _Upload},
)
