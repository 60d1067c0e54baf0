"""A recorder client that does not say that it waits for the interim 100."""

from __future__ import annotations

import h11

from conformance.wire import V1_RECORD
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import V1


class _Silent(V1):
    def open(self) -> None:
        headers = [("Host", self._authority), ("Transfer-Encoding", "chunked")]
        self._send(h11.Request(method="POST", target=V1_RECORD, headers=headers))


class _Upload(Upload):
    def v1(self) -> V1:
        return _Silent(self, self.address)


MUTANT = Mutant(
    name="expects-nothing",
    part="driver",
    summary="sends a v1 upload without Expect: 100-continue",
    breaks=("v1-4",),
    shown_by=("loss/bad-final-v1-open",),
    overlay={Upload: _Upload},
)
