"""A recorder that writes line by line: what a client that breaks off left of a line is lost."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _WholeLines(Upload):
    _rest = b""

    async def keep(self, data: bytes) -> None:
        lines, newline, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        if newline:
            await super().keep(lines + newline)

    async def finish(self, *, complete: bool) -> str:
        if complete and self._rest:
            await super().keep(self._rest)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-keeps-whole-lines",
    part="recorder",
    summary="drops the line that an upload broke off in, acked or not",
    breaks=("storage-16",),
    shown_by=("recorder/losses/v2-tcp", "recorder/losses/goaway"),
    overlay={Upload: _WholeLines},
)
