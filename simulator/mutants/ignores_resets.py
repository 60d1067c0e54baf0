"""A recorder client that does not notice that its stream was reset."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Ignores(V2):
    _reset = False

    def _on(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.StreamReset) and event.stream_id == self._upload:
            self._reset = True
        else:
            super()._on(event)

    def send(self, data: bytes) -> None:
        if not self._reset:
            super().send(data)

    def close_body(self) -> None:
        if self._reset:
            self._wire.ended()
        else:
            super().close_body()


class _Upload(Upload):
    def v2(self) -> V2:
        return _Ignores(self, self.address)


MUTANT = Mutant(
    name="ignores-resets",
    part="driver",
    summary="goes on after its stream was reset, and calls the recording complete",
    breaks=("v2-16", "streaming-1", "machine-2"),
    shown_by=("loss/reset-open",),
    overlay={Upload: _Upload},
)
