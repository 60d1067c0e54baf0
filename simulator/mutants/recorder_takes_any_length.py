"""A recorder that never compares a content-length with what came."""

from __future__ import annotations

from typing import Any

from h2.events import RequestReceived

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Uncounted(HTTP2):
    async def _create_stream(self, request: RequestReceived) -> None:
        assert request.stream_id is not None
        stream: Any = self.connection.streams[request.stream_id]
        stream._expected_content_length = None  # noqa: SLF001 - h2 has no switch for it
        await super()._create_stream(request)


MUTANT = Mutant(
    name="recorder-takes-any-length",
    part="recorder",
    summary="takes an HTTP/2 upload that is not as long as it said for a whole one",
    breaks=("hostile-3",),
    shown_by=("recorder/hostile/h2-lengths",),
    overlay={HTTP2: _Uncounted},
)
