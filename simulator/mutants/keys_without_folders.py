"""A recorder whose keys have no folders: node and time in one name."""

from __future__ import annotations

from typing import Any

from simulator.overlay import Mutant
from simulator.storage.transfer import Transfer


class _Flat(Transfer):
    def _where(self) -> dict[str, Any]:
        where = super()._where()
        return {**where, "Key": str(where["Key"]).replace("/", "_")}


MUTANT = Mutant(
    name="recorder-keys-without-folders",
    part="recorder",
    summary="stores objects as NodeID_TIME.cast",
    breaks=("storage-4",),
    shown_by=("recorder/objects/stored",),
    overlay={Transfer: _Flat},
)
