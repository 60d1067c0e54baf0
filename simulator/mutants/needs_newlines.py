"""A recorder client that reads its answer line by line."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerFrames


class _ByLine(AnswerFrames):
    def feed(self, data: bytes) -> Iterator[AckFrame]:
        self._buffer += data
        while b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            if line.strip():
                yield self._decode(line)


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _ByLine()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="needs-newlines",
    part="driver",
    summary="needs a newline between the frames of its answer",
    breaks=("acks-12", "machine-2"),
    shown_by=("answers/split",),
    overlay={Upload: _Upload},
)
