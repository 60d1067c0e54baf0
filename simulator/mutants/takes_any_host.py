"""A recorder that has only one host, and so never looks at what is asked for."""

from __future__ import annotations

import h11

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _AnyHost(HTTP1):
    def refusal(self, request: h11.Request) -> int | None:
        rest = [field for field in request.headers if field[0] != b"host"]
        return super().refusal(
            h11.Request(
                method=request.method,
                target=request.target,
                headers=[*rest, (b"Host", b"recorder")],
                http_version=request.http_version,
            )
        )


MUTANT = Mutant(
    name="recorder-takes-any-host",
    part="recorder",
    summary="takes requests whose Host is none",
    breaks=("hostile-5",),
    shown_by=("recorder/hostile/h1-host",),
    overlay={HTTP1: _AnyHost},
)
