"""A recorder client that puts all that it has into one frame."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import MIB, V2


class _Large(V2):
    def flush(self) -> None:
        self._http.max_outbound_frame_size = MIB
        super().flush()


class _Upload(Upload):
    def v2(self) -> V2:
        return _Large(self, self.address)


MUTANT = Mutant(
    name="sends-large-frames",
    part="driver",
    summary="sends frames of more than the recorder allows",
    breaks=("v2-10",),
    shown_by=("answers/stands-still",),
    overlay={Upload: _Upload},
)
