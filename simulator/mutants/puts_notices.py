"""An SSH server that sends notices by PUT."""

from __future__ import annotations

from simulator.control_client import request
from simulator.overlay import Mutant
from simulator.ssh_server import Site


class _Puts(Site):
    async def deliver(self, url: str, body: bytes) -> None:
        await request("PUT", url, body, limit=10.0, source_addr=self.config.source_addr)


MUTANT = Mutant(
    name="puts-notices",
    part="ssh-server",
    summary="sends notices with another method than POST",
    breaks=("notice-5", "notice-1"),
    shown_by=("reject/exec",),
    overlay={Site: _Puts},
)
