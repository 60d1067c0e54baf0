"""A recorder client that reads on behind what is no ack frame."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerError, AnswerFrames


class _Ignores(AnswerFrames):
    def feed(self, data: bytes) -> Iterator[AckFrame]:
        try:
            yield from super().feed(data)
        except AnswerError:
            self._buffer = b""


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Ignores()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="ignores-junk",
    part="driver",
    summary="passes over what is no ack frame",
    breaks=("acks-11", "machine-2"),
    shown_by=("loss/junk-frame",),
    overlay={Upload: _Upload},
)
