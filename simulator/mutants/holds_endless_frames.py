"""A recorder client that waits for the end of every frame."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerFrames


class _Endless(AnswerFrames):
    def _check_start(self) -> None:
        """Whatever has come may still become a frame."""


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Endless()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="holds-endless-frames",
    part="driver",
    summary="holds as much of a frame as a recorder sends",
    breaks=("hostile-14",),
    shown_by=("loss/endless-frame",),
    overlay={Upload: _Upload},
)
