"""A recorder that takes nothing but recordings whose header line is good."""

from __future__ import annotations

import json

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError


class _ChecksHeaders(Upload):
    _line: bytes | None = b""

    async def keep(self, data: bytes) -> None:
        if self._line is not None:
            line, newline, _ = (self._line + data).partition(b"\n")
            self._line = None if newline else line
            try:
                if newline and json.loads(line)["version"] != 2:
                    raise StorageError("not version 2")
            except (ValueError, TypeError, LookupError):
                raise StorageError("not a header") from None
        await super().keep(data)


MUTANT = Mutant(
    name="recorder-checks-headers",
    part="recorder",
    summary="fails an upload whose first line is not a header of version 2",
    breaks=("storage-13",),
    shown_by=("recorder/streaming/odd-headers",),
    overlay={Upload: _ChecksHeaders},
)
