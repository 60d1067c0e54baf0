"""A recorder that reads lines into a buffer with an end."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError

_LONGEST = 1 << 20


class _LimitsLines(Upload):
    _line = 0

    async def keep(self, data: bytes) -> None:
        newline = data.rfind(b"\n")
        self._line = len(data) - newline - 1 if newline >= 0 else self._line + len(data)
        if self._line > _LONGEST:
            raise StorageError("token too long")
        await super().keep(data)


MUTANT = Mutant(
    name="recorder-limits-lines",
    part="recorder",
    summary="fails an upload with a line of more than 1 MiB",
    breaks=("storage-5",),
    shown_by=("recorder/streaming/long-line-v1", "recorder/streaming/long-line-v2"),
    overlay={Upload: _LimitsLines},
)
