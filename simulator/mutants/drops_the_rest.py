"""A recorder that completes an object with its full parts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.overlay import Mutant
from simulator.storage.transfer import PART, Transfer

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


class _Drops(Transfer):
    async def _part(self, number: int, size: int) -> CompletedPartTypeDef:
        return await super()._part(number, size // PART * PART)


MUTANT = Mutant(
    name="recorder-drops-the-rest",
    part="recorder",
    summary="leaves out of an object what does not fill a part",
    breaks=("storage-2",),
    shown_by=("recorder/objects/stored",),
    overlay={Transfer: _Drops},
)
