"""A recorder that files recordings under the node's name, not its ID."""

from __future__ import annotations

import json

import msgspec

from simulator.overlay import Mutant
from simulator.storage.incoming import Incoming
from simulator.storage.naming import Name, segment


class _ByName(Incoming):
    def named(self) -> Name:
        if self._name is None:
            line = self._header.seen
            name = super().named()
            try:
                node = segment(json.loads(line)["srcNode"])
            except (ValueError, LookupError, TypeError, AttributeError):
                return name
            self._name = msgspec.structs.replace(name, node=node)
        return self._name


MUTANT = Mutant(
    name="recorder-names-by-host",
    part="recorder",
    summary="stores under the node's name, which may change, not under its ID",
    breaks=("storage-10",),
    shown_by=("recorder/storing/layout",),
    overlay={Incoming: _ByName},
)
