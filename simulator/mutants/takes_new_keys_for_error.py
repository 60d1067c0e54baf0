"""A recorder client that wants to know every key of an ack."""

from __future__ import annotations

import msgspec

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2, AnswerError, AnswerFrames


class _Wants(AnswerFrames):
    def _decode(self, data: bytes) -> AckFrame:
        if set(msgspec.json.decode(data)) - {"ack", "error"}:
            raise AnswerError("an ack with a key that nobody knows")
        return super()._decode(data)


class _Upload(Upload):
    def v2(self) -> V2:
        half = super().v2()
        half._frames = _Wants()  # noqa: SLF001 - the seam
        return half


MUTANT = Mutant(
    name="takes-new-keys-for-error",
    part="driver",
    summary="takes an ack with a key that it does not know for an error",
    breaks=("acks-9", "machine-2"),
    shown_by=("answers/extra-keys",),
    overlay={Upload: _Upload},
)
