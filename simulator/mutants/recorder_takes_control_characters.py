"""A recorder that thinks the framing of HTTP/2 keeps its fields apart, whatever they hold."""

from __future__ import annotations

from typing import Any

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Transparent(HTTP2):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.connection.config.validate_inbound_headers = False


MUTANT = Mutant(
    name="recorder-takes-control-characters",
    part="recorder",
    summary="takes NUL, CR and LF in the fields of an HTTP/2 request",
    breaks=("hostile-7",),
    shown_by=("recorder/hostile/h2-controls",),
    overlay={HTTP2: _Transparent},
)
