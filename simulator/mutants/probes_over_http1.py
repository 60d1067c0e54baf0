"""A recorder client that asks for v2 over HTTP/1.1."""

from __future__ import annotations

from conformance.wire import V2_RECORD
from simulator.overlay import Mutant
from simulator.upload import Stage, Upload


class _Plain(Upload):
    _asked = False

    def probe(self) -> None:
        self._asked = True
        self._begin(Stage.PROBING, self._ask)

    def _ask(self) -> None:
        self.write(f"HEAD {V2_RECORD} HTTP/1.1\r\nHost: {self.address}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if self._asked:
            self.probed(v2=False)
        else:
            super().data_received(data)


MUTANT = Mutant(
    name="probes-over-http1",
    part="driver",
    summary="asks for v2 over HTTP/1.1, and takes every answer for no",
    breaks=("choose-8",),
    shown_by=("choosing/no-v2-after-404",),
    overlay={Upload: _Plain},
)
