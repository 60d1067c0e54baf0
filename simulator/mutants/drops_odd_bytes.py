"""An SSH server that leaves bytes that are not UTF-8 out of recordings."""

from __future__ import annotations

from simulator.cast import WholeCharacters
from simulator.overlay import Mutant


class _Drops(WholeCharacters):
    def feed(self, data: bytes) -> tuple[str, bytes]:
        text, raw = super().feed(data)
        return text.replace("\ufffd", ""), raw


MUTANT = Mutant(
    name="drops-odd-bytes",
    part="ssh-server",
    summary="records nothing in place of a byte that is not UTF-8",
    breaks=("streaming-18", "streaming-1"),
    shown_by=("output/odd-bytes",),
    overlay={WholeCharacters: _Drops},
)
