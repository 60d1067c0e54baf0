"""A recorder client that asks for v2 with a GET."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Gets(V2):
    def probe(self) -> None:
        self._http.initiate_connection()
        self._probe = self._request("GET", end_stream=True)


class _Upload(Upload):
    def v2(self) -> V2:
        return _Gets(self, self.address)


MUTANT = Mutant(
    name="probes-with-get",
    part="driver",
    summary="asks for v2 with a GET in place of a HEAD",
    breaks=("choose-8",),
    shown_by=("choosing/no-v2-after-404",),
    overlay={Upload: _Upload},
)
