"""A recorder that reads Kubernetes' path parts into a list, and stumbles over null."""

from __future__ import annotations

import msgspec

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import Name


class _Kubernetes(msgspec.Struct):
    parts: list[str] = msgspec.field(name="Parts", default_factory=list)


class _Event(msgspec.Struct):
    kubernetes: _Kubernetes


class _WantsParts(Recorder):
    def _event_name(self, body: bytes) -> Name | None:
        try:
            msgspec.json.decode(body, type=_Event)
        except msgspec.MsgspecError:
            return None
        return super()._event_name(body)


MUTANT = Mutant(
    name="recorder-wants-kubernetes-parts",
    part="recorder",
    summary="refuses events whose `Parts` are null",
    breaks=("event-12",),
    shown_by=("recorder/events/taken",),
    overlay={Recorder: _WantsParts},
)
