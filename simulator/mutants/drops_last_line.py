"""A recorder that forgets the last line: it acks all it received, but one line never gets kept."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _DropsLastLine(Upload):
    _headed = False
    _held = b""

    async def keep(self, data: bytes) -> None:
        if not self._headed:
            head, newline, data = data.partition(b"\n")
            await super().keep(head + newline)
            self._headed = bool(newline)
        data = self._held + data
        last = data.rfind(b"\n", 0, max(0, len(data) - 1)) + 1
        self._held = data[last:]
        if last:
            await super().keep(data[:last])


MUTANT = Mutant(
    name="recorder-drops-last-line",
    part="recorder",
    summary="keeps every recording without its last line, and acks all of it",
    breaks=("storage-2",),
    shown_by=("basic/v2-shell", "basic/v1-s3"),
    overlay={Upload: _DropsLastLine},
)
