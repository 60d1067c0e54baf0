"""A recorder client for which any final answer of v1 is a good one."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import OK, V1


class _Ignores(V1):
    def _final(self, status: int) -> None:
        super()._final(OK if self._continued else status)


class _Upload(Upload):
    def v1(self) -> V1:
        return _Ignores(self, self.address)


MUTANT = Mutant(
    name="ignores-final-status",
    part="driver",
    summary="takes every final status of a v1 upload for 200",
    breaks=("v1-11", "machine-2", "machine-12"),
    shown_by=("loss/bad-final-v1-open",),
    overlay={Upload: _Upload},
)
