"""A recorder client for which every status that begins with 2 means yes."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Lenient(V2):
    def _answered(self, event: h2.events.ResponseReceived) -> None:
        status = dict(event.headers or ()).get(b":status", b"")
        if event.stream_id == self._upload and status.startswith(b"2"):
            self._wire.opened()
        else:
            super()._answered(event)


class _Upload(Upload):
    def v2(self) -> V2:
        return _Lenient(self, self.address)


MUTANT = Mutant(
    name="takes-any-2xx",
    part="driver",
    summary="begins a v2 upload that was answered 202",
    breaks=("choose-13", "machine-2"),
    shown_by=("choosing/accepted-202",),
    overlay={Upload: _Upload},
)
