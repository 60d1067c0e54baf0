"""A recorder that reads every line and writes it again in a way of its own."""

from __future__ import annotations

import json

from simulator.overlay import Mutant
from simulator.recorder import Upload


def _anew(line: bytes) -> bytes:
    try:
        return json.dumps(json.loads(line), ensure_ascii=False).encode()
    except ValueError:
        return line


class _Tidies(Upload):
    _line = b""

    async def keep(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            await super().keep(_anew(line) + b"\n")

    async def finish(self, *, complete: bool) -> str:
        await super().keep(self._line)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-tidies-lines",
    part="recorder",
    summary="reads every line and stores what its JSON library makes of it",
    breaks=("storage-1",),
    shown_by=("recorder/storing/bytes-v1", "recorder/storing/bytes-v2"),
    overlay={Upload: _Tidies},
)
