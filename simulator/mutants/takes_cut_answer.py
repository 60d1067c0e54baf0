"""A recorder client that does not ask whether its answer was whole."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerFrames


class _Takes(AnswerFrames):
    def finish(self) -> None:
        self._buffer = b""


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Takes()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="takes-cut-answer",
    part="driver",
    summary="takes an answer that ends within a frame for a whole one",
    breaks=("acks-11", "machine-2"),
    shown_by=("loss/cut-final",),
    overlay={Upload: _Upload},
)
