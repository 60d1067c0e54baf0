"""A recorder client for which a DATA frame holds whole ack frames."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerError, AnswerFrames


class _Whole(AnswerFrames):
    def feed(self, data: bytes) -> Iterator[AckFrame]:
        yield from super().feed(data)
        if self._buffer:
            raise AnswerError("a frame is cut off")


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Whole()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="needs-whole-frames",
    part="driver",
    summary="needs every DATA frame to hold whole ack frames",
    breaks=("acks-12", "machine-2"),
    shown_by=("answers/split",),
    overlay={Upload: _Upload},
)
