"""A recorder whose timer for acks begins anew with all that comes: output postpones them."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _InPauses(Acks):
    _seen = 0

    def due(self) -> bool:
        before, self._seen = self._seen, self.upload.received
        return self._seen == before


MUTANT = Mutant(
    name="recorder-acks-in-pauses",
    part="recorder",
    summary="acks only when nothing came for a while",
    breaks=("acks-1", "acks-2"),
    shown_by=("recorder/acks/trickling",),
    overlay={Acks: _InPauses},
)
