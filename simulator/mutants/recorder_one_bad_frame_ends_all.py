"""A recorder that takes a broken frame for a broken server, and ends every connection it has."""

from __future__ import annotations

from typing import Any, ClassVar
from weakref import WeakSet

from hypercorn.events import Closed
from hypercorn.events import Event as ConnectionEvent

from simulator.overlay import Mutant
from simulator.serving import Connection


class _Panics(Connection):
    _all: ClassVar[WeakSet[Connection]] = WeakSet()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._all.add(self)

    async def protocol_send(self, event: ConnectionEvent) -> None:
        await super().protocol_send(event)
        if isinstance(event, Closed):
            for connection in list(self._all):
                connection.writer.transport.abort()


MUTANT = Mutant(
    name="recorder-one-bad-frame-ends-all",
    part="recorder",
    summary="ends all connections when one of them breaks the protocol",
    breaks=("hostile-3",),
    shown_by=("recorder/hostile/h2-frames",),
    overlay={Connection: _Panics},
)
