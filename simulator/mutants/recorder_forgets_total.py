"""A recorder that ends its answer without a word about the last bytes."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _ForgetsTotal(Acks):
    async def ack(self) -> None:
        if not self._over.is_set():
            await super().ack()


MUTANT = Mutant(
    name="recorder-forgets-total",
    part="recorder",
    summary="sends no ack after the end of the body",
    breaks=("acks-3",),
    shown_by=("recorder/acks/total",),
    overlay={Acks: _ForgetsTotal},
)
