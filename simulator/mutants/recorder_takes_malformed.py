"""A v2 recorder whose HTTP library lets every header field through."""

from __future__ import annotations

from typing import Any

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Lenient(HTTP2):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.connection.config.validate_inbound_headers = False


MUTANT = Mutant(
    name="recorder-takes-malformed",
    part="recorder",
    summary="takes uploads with fields that HTTP/2 does not know",
    breaks=("v2-18",),
    shown_by=("recorder/v2/connection-fields",),
    overlay={HTTP2: _Lenient},
)
