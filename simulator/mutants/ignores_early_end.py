"""A recorder client that does not notice that its answer has ended."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Ignores(V2):
    _ended = False
    _closed = False

    def _on(self, event: h2.events.Event) -> None:
        ended = isinstance(event, h2.events.StreamEnded) and event.stream_id == self._upload
        if ended and not self._closed:
            self._ended = True
        else:
            super()._on(event)

    def close_body(self) -> None:
        self._closed = True
        super().close_body()
        if self._ended:
            self._wire.ended()


class _Upload(Upload):
    def v2(self) -> V2:
        return _Ignores(self, self.address)


MUTANT = Mutant(
    name="ignores-early-end",
    part="driver",
    summary="goes on after its answer has ended, and calls the recording complete",
    breaks=("streaming-10", "machine-2"),
    shown_by=("loss/end-early-open",),
    overlay={Upload: _Upload},
)
