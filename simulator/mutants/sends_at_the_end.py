"""A recorder client that sends the output when the session has ended."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _AtTheEnd(V2):
    _held: bytearray | None = None

    def send(self, data: bytes) -> None:
        if self._held is None:
            self._held = bytearray()
            super().send(data)
        else:
            self._held += data

    def close_body(self) -> None:
        super().send(bytes(self._held or b""))
        super().close_body()


class _Upload(Upload):
    def v2(self) -> V2:
        return _AtTheEnd(self, self.address)


MUTANT = Mutant(
    name="sends-at-the-end",
    part="driver",
    summary="keeps all output until the session ends, and sends it then",
    breaks=("streaming-22",),
    shown_by=("answers/bare",),
    overlay={Upload: _Upload},
)
