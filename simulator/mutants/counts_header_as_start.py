"""An SSH server that waits for a moment before it counts a recorder as started."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.upload import Upload


class _Counts(Upload):
    def opened(self) -> None:
        asyncio.get_running_loop().call_later(0.3, super().opened)


MUTANT = Mutant(
    name="counts-header-as-start",
    part="driver",
    summary="tries the next recorder when one is gone before it got its header",
    breaks=("failure-9", "machine-2", "streaming-5"),
    shown_by=("loss/before-header",),
    overlay={Upload: _Counts},
)
