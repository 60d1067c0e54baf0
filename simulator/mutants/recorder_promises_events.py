"""A recorder that takes no events, but answers whoever asks that it does."""

from __future__ import annotations

from conformance.wire import V2_EVENT
from simulator.overlay import Mutant
from simulator.recorder import Recorder


class _Promises(Recorder):
    def _methods(self, path: str) -> tuple[str, ...]:
        return ("HEAD",) if path == V2_EVENT else super()._methods(path)


MUTANT = Mutant(
    name="recorder-promises-events",
    part="recorder",
    summary="answers HEAD /v2/event with 200, though it takes no events",
    breaks=("event-1",),
    shown_by=("recorder/events/none",),
    overlay={Recorder: _Promises},
)
