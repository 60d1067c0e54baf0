"""A recorder client that takes an idle session for one that has ended."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2

IDLE_S = 2.0


class _EndsIdle(V2):
    _idle: asyncio.TimerHandle | None = None
    _over = False

    def send(self, data: bytes) -> None:
        if self._over:
            return
        super().send(data)
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._end)

    def _end(self) -> None:
        self._over = True
        super().close_body()

    def close_body(self) -> None:
        if not self._over:
            super().close_body()


class _Upload(Upload):
    def v2(self) -> V2:
        return _EndsIdle(self, self.address)


MUTANT = Mutant(
    name="ends-body-when-idle",
    part="driver",
    summary="ends the body of a v2 upload when nothing was written for two seconds",
    breaks=("v2-7", "streaming-23"),
    shown_by=("loss/no-final-idle",),
    overlay={Upload: _Upload},
)
