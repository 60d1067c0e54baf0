"""A recorder that writes its answer through a buffer, which goes out when it is full."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks

_FULL = 4096


class _Buffers(Acks):
    _held = b""

    async def frame(self, data: bytes) -> None:
        self._held += data
        if len(self._held) >= _FULL or self._over.is_set():
            held, self._held = self._held, b""
            await super().frame(held)


MUTANT = Mutant(
    name="recorder-buffers-acks",
    part="recorder",
    summary="holds acks back until there are 4 KiB of them, or the answer ends",
    breaks=("acks-16", "acks-1", "acks-2"),
    shown_by=("recorder/acks/idle",),
    overlay={Acks: _Buffers},
)
