"""An SSH server that decodes every read by itself."""

from __future__ import annotations

from simulator.cast import WholeCharacters
from simulator.overlay import Mutant


class _Splits(WholeCharacters):
    def feed(self, data: bytes) -> tuple[str, bytes]:
        return data.decode(errors="replace"), data


MUTANT = Mutant(
    name="splits-characters",
    part="ssh-server",
    summary="records a character that comes in two pieces as two signs of damage",
    breaks=("streaming-17", "streaming-1", "streaming-2"),
    shown_by=("output/split",),
    overlay={WholeCharacters: _Splits},
)
