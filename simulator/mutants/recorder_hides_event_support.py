"""A recorder that takes events, but has no answer for the HEAD that asks for it."""

from __future__ import annotations

from conformance.wire import V2_EVENT
from simulator.overlay import Mutant
from simulator.recorder import Recorder


class _Hides(Recorder):
    def _methods(self, path: str) -> tuple[str, ...]:
        return ("POST",) if path == V2_EVENT else super()._methods(path)


MUTANT = Mutant(
    name="recorder-hides-event-support",
    part="recorder",
    summary="answers HEAD /v2/event with 405, though it takes events",
    breaks=("event-1",),
    shown_by=("recorder/events/head",),
    overlay={Recorder: _Hides},
)
