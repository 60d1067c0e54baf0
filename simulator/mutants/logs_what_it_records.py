"""A recorder that writes into its log what sessions show."""

from __future__ import annotations

import logging

from simulator.overlay import Mutant
from simulator.recorder import Upload

_logger = logging.getLogger("recorder")


class _Logs(Upload):
    async def keep(self, data: bytes) -> None:
        _logger.warning("received %r", data)
        await super().keep(data)


MUTANT = Mutant(
    name="recorder-logs-what-it-records",
    part="recorder",
    summary="writes what sessions show into its log",
    breaks=("privacy-4",),
    shown_by=("recorder/storing/nowhere-else",),
    overlay={Upload: _Logs},
)
