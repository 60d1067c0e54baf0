"""A v1 recorder whose HTTP library sends no interim 100."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _Silent(HTTP1):
    async def _continue(self) -> None:
        """Wait for the body without a word."""


MUTANT = Mutant(
    name="recorder-sends-no-100",
    part="recorder",
    summary="waits for the body without sending the interim 100",
    breaks=("v1-2",),
    shown_by=("recorder/v1/before-body",),
    overlay={HTTP1: _Silent},
)
