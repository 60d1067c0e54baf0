"""A recorder client that wants a number in every ack."""

from __future__ import annotations

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerError, AnswerFrames


class _Wants(AnswerFrames):
    def _decode(self, data: bytes) -> AckFrame:
        if not data.strip(b"{} "):
            raise AnswerError("an ack without a number")
        return super()._decode(data)


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Wants()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="takes-empty-for-error",
    part="driver",
    summary="takes an ack that is {} for an error",
    breaks=("acks-8", "machine-2"),
    shown_by=("answers/bare",),
    overlay={Upload: _Upload},
)
