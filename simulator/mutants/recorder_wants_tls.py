"""A v2 recorder that speaks HTTP/2 only where TLS has chosen it."""

from __future__ import annotations

import h11

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _Negotiates(HTTP1):
    async def _check_protocol(self, event: h11.Request) -> None:
        """Take the preface for a request of a version that nobody knows."""


MUTANT = Mutant(
    name="recorder-wants-tls",
    part="recorder",
    summary="does not take HTTP/2 by prior knowledge",
    breaks=("v2-3",),
    shown_by=("recorder/v2/probe",),
    overlay={HTTP1: _Negotiates},
)
