"""A recorder that tells errors as its other services do: as an object with a code."""

from __future__ import annotations

import msgspec

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _WrapsErrors(Acks):
    async def error(self, why: str) -> None:
        error = {"error": {"code": "STORAGE", "message": why}}
        await self.frame(msgspec.json.encode(error) + b"\n")


MUTANT = Mutant(
    name="recorder-wraps-errors",
    part="recorder",
    summary="says an error as an object, not as a string",
    breaks=("acks-17",),
    shown_by=("recorder/disks/full-v2",),
    overlay={Acks: _WrapsErrors},
)
