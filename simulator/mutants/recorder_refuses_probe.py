"""A v2 recorder that nobody told of the probe."""

from __future__ import annotations

from conformance.wire import V2_RECORD
from simulator.overlay import Mutant
from simulator.recorder import Recorder


class _PostOnly(Recorder):
    def _methods(self, path: str) -> tuple[str, ...]:
        return ("POST",) if path == V2_RECORD else super()._methods(path)


MUTANT = Mutant(
    name="recorder-refuses-probe",
    part="recorder",
    summary="answers the probe with 405",
    breaks=("v2-4",),
    shown_by=("recorder/v2/probe", "recorder/v2/probe-twice"),
    overlay={Recorder: _PostOnly},
)
