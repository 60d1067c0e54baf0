"""A recorder that acks only what is new: an idle session looks lost after the ack window."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _AcksNewsOnly(Acks):
    _acked = 0

    def due(self) -> bool:
        return self.upload.received > self._acked

    async def ack(self) -> None:
        self._acked = self.upload.received
        await super().ack()


MUTANT = Mutant(
    name="recorder-stops-acks-when-idle",
    part="recorder",
    summary="sends no ack while nothing comes in",
    breaks=("acks-1", "acks-2"),
    shown_by=("basic/long-idle",),
    overlay={Acks: _AcksNewsOnly},
)
