"""A recorder client that knows no interim answer but the 100."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import V1


class _Stumbles(V1):
    def received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 103"):
            self._wire.failed("POST /record was answered 103")
        super().received(data)


class _Upload(Upload):
    def v1(self) -> V1:
        return _Stumbles(self, self.address)


MUTANT = Mutant(
    name="stumbles-over-hints",
    part="driver",
    summary="gives a v1 recorder up for an interim 103",
    breaks=("v1-8", "machine-2"),
    shown_by=("choosing/early-hints",),
    overlay={Upload: _Upload},
)
