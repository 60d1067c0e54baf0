"""A recorder client that takes an error frame for an ack."""

from __future__ import annotations

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerFrames


class _Ignores(AnswerFrames):
    def _decode(self, data: bytes) -> AckFrame:
        return AckFrame(super()._decode(data).ack)


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Ignores()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="ignores-error-frames",
    part="driver",
    summary="takes an error frame for an ack",
    breaks=("acks-10",),
    shown_by=("loss/error-frame-open",),
    overlay={Upload: _Upload},
)
