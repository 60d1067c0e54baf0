"""A recorder that takes no recording whose header breaks a rule."""

from __future__ import annotations

import msgspec

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError


class _Insists(Upload):
    _line: bytes | None = b""

    async def keep(self, data: bytes) -> None:
        await super().keep(data)
        if self._line is not None:
            line, newline, _ = (self._line + data).partition(b"\n")
            self._line = None if newline else line
            if newline:
                _check(line)


def _check(line: bytes) -> None:
    try:
        header = msgspec.json.decode(line)
        sound = header["version"] == 2 and header["timestamp"] > 0
    except (ValueError, LookupError, TypeError):
        sound = False
    if not sound:
        raise StorageError("this is no asciicast v2")


MUTANT = Mutant(
    name="recorder-insists-on-format",
    part="recorder",
    summary="fails a recording whose header breaks a rule of the format",
    breaks=("storage-13",),
    shown_by=("recorder/storing/odd",),
    overlay={Upload: _Insists},
)
