"""A recorder client that sends the header together with the first output."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload


class _Waits(Upload):
    _header: bytes | None = None
    _sent = False

    def send(self, data: bytes) -> None:
        if not self._sent and self._header is None:
            self._header = data
            return
        header, self._header, self._sent = self._header or b"", None, True
        super().send(header + data)


MUTANT = Mutant(
    name="waits-with-header",
    part="driver",
    summary="holds the header back until there is output",
    breaks=("streaming-21",),
    shown_by=("answers/quiet",),
    overlay={Upload: _Waits},
)
