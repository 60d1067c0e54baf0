"""A recorder over v1 that takes the end of the connection for the end of the body."""

from __future__ import annotations

from collections.abc import Callable

import h11
from hypercorn.events import Event, RawData
from hypercorn.protocol.events import EndBody

from simulator.overlay import Mutant
from simulator.serving import Connection
from simulator.serving_protocols import HTTP1

_LATER_S = 0.3


class _TakesForWhole(HTTP1):
    async def handle(self, event: Event) -> None:
        unended = self.connection.their_state is h11.SEND_BODY
        if isinstance(event, RawData) and not event.data and unended and self.stream is not None:
            await self.stream.handle(EndBody(1))
        else:
            await super().handle(event)


class _AnswersFirst(Connection):
    """Lets the answer out to a client that has said FIN."""

    def _close_soon(self, how: Callable[[], None]) -> None:
        self.loop.call_later(_LATER_S, super()._close_soon, how)


MUTANT = Mutant(
    name="recorder-takes-cut-for-whole",
    part="recorder",
    summary="answers 200 to a v1 upload that breaks off before its last chunk",
    breaks=("v1-10",),
    shown_by=("recorder/losses/v1-half",),
    overlay={HTTP1: _TakesForWhole, Connection: _AnswersFirst},
)
