"""A recorder that collects a recording elsewhere, and stores it when the session is over."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _Collects(Upload):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._collected = TemporaryFile()  # noqa: SIM115 - it lives as long as the upload

    async def keep(self, data: bytes) -> None:
        self._collected.write(data)

    async def finish(self, *, complete: bool) -> str:
        self._collected.seek(0)
        with self._collected:
            while data := self._collected.read(1 << 20):
                await super().keep(data)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-writes-at-the-end",
    part="recorder",
    summary="writes nothing to storage before the session is over",
    breaks=("storage-15",),
    shown_by=("recorder/storing/while-it-runs",),
    overlay={Upload: _Collects},
)
