"""A recorder that parses every line, and writes down what it understood."""

from __future__ import annotations

import json

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _WritesAnew(Upload):
    _rest = b""

    async def keep(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            await super().keep(json.dumps(json.loads(line)).encode() + b"\n")

    async def finish(self, *, complete: bool) -> str:
        await super().keep(self._rest)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-writes-json-anew",
    part="recorder",
    summary="keeps lines as its own encoder writes them",
    breaks=("file-13", "storage-1"),
    shown_by=("recorder/streaming/text-v1", "recorder/streaming/text-v2"),
    overlay={Upload: _WritesAnew},
)
