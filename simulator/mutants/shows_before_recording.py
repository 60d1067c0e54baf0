"""An SSH server that shows output at once and records it afterwards, in batches."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.ssh_session import Chunk, SshSession

BATCH_BYTES = 4096
BATCH_SECONDS = 0.25


class ShowsFirst(SshSession):
    """Writes to the user what it has yet to record, as a buffered writer would make it."""

    _batch: tuple[Chunk, ...] = ()
    _flushing: asyncio.TimerHandle | None = None

    def take_output(self, chunk: Chunk) -> None:
        """Show at once, and record when the batch is full or old."""
        super().show(chunk)
        self._batch += (chunk,)
        if sum(len(held.raw) for held in self._batch) >= BATCH_BYTES:
            self._flush()
        elif self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(BATCH_SECONDS, self._flush)

    def take_exit(self, status: int) -> None:
        """Record the rest first."""
        self._flush()
        super().take_exit(status)

    def show(self, chunk: Chunk) -> None:
        """Do nothing: it was shown before."""

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        batch, self._batch = self._batch, ()
        for chunk in batch:
            super().take_output(chunk)


MUTANT = Mutant(
    name="shows-before-recording",
    part="driver",
    summary="shows output at once and hands it to the recorder up to 250 ms later",
    breaks=("failure-3",),
    shown_by=("basic/idle",),
    overlay={SshSession: ShowsFirst},
)
