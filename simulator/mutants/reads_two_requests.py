"""A recorder that reads chunks where there is a length too, and goes on behind them."""

from __future__ import annotations

import h11

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _GoesOn(HTTP1):
    def refusal(self, request: h11.Request) -> int | None:
        if request.http_version == b"1.1":
            rest = [field for field in request.headers if field[0] != b"content-length"]
            request = h11.Request(method=request.method, target=request.target, headers=rest)
        return super().refusal(request)


MUTANT = Mutant(
    name="recorder-reads-two-requests",
    part="recorder",
    summary="takes a request with both Transfer-Encoding and Content-Length, and the one behind it",
    breaks=("hostile-4",),
    shown_by=("recorder/hostile/h1-smuggling",),
    overlay={HTTP1: _GoesOn},
)
