"""A recorder whose error frame holds the text of an exception that has none."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _Wordless(Acks):
    async def error(self, why: str) -> None:  # noqa: ARG002
        await self.frame(b'{"error":""}\n')


MUTANT = Mutant(
    name="recorder-fails-without-words",
    part="recorder",
    summary="sends an error frame whose error is empty",
    breaks=("acks-17",),
    shown_by=("recorder/objects/fails-access-denied",),
    overlay={Acks: _Wordless},
)
