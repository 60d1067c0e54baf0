"""A recorder that shows the first page of its UI under every path."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder


class _OnePage(Recorder):
    def _methods(self, path: str) -> tuple[str, ...]:
        return super()._methods(path) or ("GET", "HEAD")


MUTANT = Mutant(
    name="recorder-knows-every-path",
    part="recorder",
    summary="answers HEAD of any path with 200",
    breaks=("v1-17",),
    shown_by=("recorder/v1/paths", "recorder/v2/paths"),
    overlay={Recorder: _OnePage},
)
