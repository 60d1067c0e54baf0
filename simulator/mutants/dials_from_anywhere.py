"""A recorder client that lets the system choose the address from which it dials."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Tell, Upload


class _Anywhere(Upload):
    def __init__(self, op: int, tell: Tell, source_addr: str = "") -> None:  # noqa: ARG002
        super().__init__(op, tell)


MUTANT = Mutant(
    name="dials-from-anywhere",
    part="driver",
    summary="dials recorders from another address than the server's on the tailnet",
    breaks=("privacy-5",),
    shown_by=("basic/v2-shell",),
    overlay={Upload: _Anywhere},
)
