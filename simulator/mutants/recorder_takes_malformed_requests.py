"""A recorder whose HTTP/2 library is told to look at no field: what is malformed is taken."""

from __future__ import annotations

from typing import Any

from h2.events import RequestReceived
from h2.exceptions import ProtocolError

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Lenient(HTTP2):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.connection.config.validate_inbound_headers = False

    async def _create_stream(self, request: RequestReceived) -> None:
        names = {name for name, _ in request.headers or ()}
        if {b":method", b":path"} - names:
            raise ProtocolError("there is nothing to go by")
        await super()._create_stream(request)


MUTANT = Mutant(
    name="recorder-takes-malformed-requests",
    part="recorder",
    summary="takes HTTP/2 requests whose fields are malformed",
    breaks=("hostile-3",),
    shown_by=("recorder/hostile/h2-requests",),
    overlay={HTTP2: _Lenient},
)
