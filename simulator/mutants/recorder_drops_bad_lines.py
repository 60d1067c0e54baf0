"""A recorder that keeps of a recording what it can read, and nothing else."""

from __future__ import annotations

import json

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _DropsBadLines(Upload):
    _rest = b""

    async def keep(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                json.loads(line)
            except ValueError:
                continue
            await super().keep(line + b"\n")


MUTANT = Mutant(
    name="recorder-drops-bad-lines",
    part="recorder",
    summary="drops lines that are not JSON, and one that is not ended",
    breaks=("storage-1", "storage-2"),
    shown_by=("recorder/streaming/odd-lines",),
    overlay={Upload: _DropsBadLines},
)
