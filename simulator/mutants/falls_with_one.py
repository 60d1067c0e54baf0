"""A recorder whose connections share a worker, and that worker does not outlive a bad request."""

from __future__ import annotations

from typing import ClassVar

from simulator.overlay import Mutant
from simulator.serving import Connection
from simulator.serving_protocols import HTTP1


class _Shared(Connection):
    live: ClassVar[set[_Shared]] = set()

    async def run(self) -> None:
        self.live.add(self)
        try:
            await super().run()
        finally:
            self.live.discard(self)


class _Falls(HTTP1):
    async def _send_error_response(self, status_code: int) -> None:
        await super()._send_error_response(status_code)
        for connection in list(_Shared.live):
            connection.writer.transport.abort()


MUTANT = Mutant(
    name="recorder-falls-with-one",
    part="recorder",
    summary="ends all connections when a request over one of them is malformed",
    breaks=("hostile-3",),
    shown_by=("recorder/hostile/h1-malformed",),
    overlay={Connection: _Shared, HTTP1: _Falls},
)
