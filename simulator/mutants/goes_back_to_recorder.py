"""An SSH server that says it goes on unrecorded, and records the session again all the same."""

from __future__ import annotations

import asyncio
import contextlib
import time

from conformance.machine import State
from simulator import client_steps as core
from simulator.cast import CastWriter
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession
from simulator.upload import Upload

PATIENCE_S = 10.0
"""How long a session that is over waits for its second recording to begin."""


class _GoesBack(SshSession):
    _second: Upload | None = None
    _recorded_again: asyncio.Event

    def carry_out(self, effect: core.Effect) -> None:
        super().carry_out(effect)
        if isinstance(effect, core.Enter) and effect.state is State.CONTINUE_UNRECORDED:
            self._recorded_again = asyncio.Event()
            self._second = Upload(0, self._go_on, self.surroundings.source_addr)
            self._second.dial(self.client.session.recorders[0])

    def _go_on(self, event: core.Event) -> None:
        assert self._second is not None
        match event:
            case core.Connected():
                self._second.probe()
            case core.Probed(v2=v2):
                self._second.open(v2=v2)
            case core.Opened():
                writer = CastWriter(self.header(), time.monotonic_ns())
                self._second.send(writer.header_line())
                self._recorded_again.set()
            case _:
                pass

    async def wait_uploads(self) -> None:
        if self._second is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._recorded_again.wait(), PATIENCE_S)
            self._second.cancel()
        await super().wait_uploads()


MUTANT = Mutant(
    name="goes-back-to-recorder",
    part="driver",
    summary="says that the session goes on unrecorded, and uploads to the lost recorder again",
    breaks=("machine-10", "choose-2"),
    shown_by=("loss/error-frame-open",),
    overlay={SshSession: _GoesBack},
)
