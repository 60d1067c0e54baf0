"""A recorder that stores once more, under another name, when it did not hear of its success."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.transfer import Transfer


class _Twice(Transfer):
    async def _origin_there(self) -> str | None:
        return None


MUTANT = Mutant(
    name="recorder-stores-it-twice",
    part="recorder",
    summary="makes a second object when the answer to the first was lost",
    breaks=("storage-3",),
    shown_by=("recorder/objects/put-answer-lost",),
    overlay={Transfer: _Twice},
)
