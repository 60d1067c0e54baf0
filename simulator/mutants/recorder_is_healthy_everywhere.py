"""A v1 recorder behind a proxy that speaks HTTP/2 and answers HEAD by itself."""

from __future__ import annotations

from typing import Any

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving import Connection


class _Proxied(Connection):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more | {"http2": True})


class _Healthy(Recorder):
    def _methods(self, path: str) -> tuple[str, ...]:
        return (*super()._methods(path), "HEAD")


MUTANT = Mutant(
    name="recorder-is-healthy-everywhere",
    part="recorder",
    summary="answers the probe with 200 though it has no v2",
    breaks=("v2-5",),
    shown_by=("recorder/v2/absent",),
    overlay={Connection: _Proxied, Recorder: _Healthy},
)
