"""A recorder client that asks a recorder again that has refused."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import OK, V2


class _Again(V2):
    _again = False

    def _answered(self, event: h2.events.ResponseReceived) -> None:
        refused = dict(event.headers or ()).get(b":status") != OK
        if event.stream_id == self._upload and refused and not self._again:
            self._again = True
            self._upload = self._request("POST", end_stream=False)
        else:
            super()._answered(event)


class _Upload(Upload):
    def v2(self) -> V2:
        return _Again(self, self.address)


MUTANT = Mutant(
    name="asks-again",
    part="driver",
    summary="sends a v2 upload a second time when it was refused",
    breaks=("choose-21",),
    shown_by=("choosing/all-refuse",),
    overlay={Upload: _Upload},
)
