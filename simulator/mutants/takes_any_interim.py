"""A recorder client that takes any interim answer for the 100."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import V1


class _Takes(V1):
    def received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 103") and not self._continued:
            self._continued = True
            self._wire.opened()
        super().received(data)


class _Upload(Upload):
    def v1(self) -> V1:
        return _Takes(self, self.address)


MUTANT = Mutant(
    name="takes-any-interim",
    part="driver",
    summary="begins a v1 upload at an interim 103",
    breaks=("v1-8",),
    shown_by=("choosing/early-hints",),
    overlay={Upload: _Upload},
)
