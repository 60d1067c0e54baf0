"""A control plane that answers notices as any request."""

from __future__ import annotations

from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Ok(ControlPlane):
    def answer_notice(self, path: str, body: bytes) -> tuple[int, int]:
        _, delay = super().answer_notice(path, body)
        return 200, delay


MUTANT = Mutant(
    name="control-answers-notices-with-200",
    part="control",
    summary="answers a notice that it has taken with 200",
    breaks=("notice-6",),
    shown_by=("reject/both",),
    overlay={ControlPlane: _Ok},
)
