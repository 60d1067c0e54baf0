"""A v1 recorder that takes the preface of HTTP/2 for a request that goes on."""

from __future__ import annotations

import h11

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _Patient(HTTP1):
    async def _create_stream(self, request: h11.Request) -> None:
        if request.method != b"PRI":
            await super()._create_stream(request)


MUTANT = Mutant(
    name="recorder-waits-behind-preface",
    part="recorder",
    summary="leaves a connection open that begins with the preface of HTTP/2",
    breaks=("v1-14",),
    shown_by=("recorder/v1/preface",),
    overlay={HTTP1: _Patient},
)
