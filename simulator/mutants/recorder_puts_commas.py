"""A recorder that writes its frames as if they were the items of a list."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _PutsCommas(Acks):
    _first = True

    async def frame(self, data: bytes) -> None:
        await super().frame(data if self._first else b"," + data)
        self._first = False


MUTANT = Mutant(
    name="recorder-puts-commas",
    part="recorder",
    summary="puts a comma between frames",
    breaks=("acks-13", "acks-5"),
    shown_by=("recorder/acks/idle",),
    overlay={Acks: _PutsCommas},
)
