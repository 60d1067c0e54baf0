"""A recorder that makes paths of what clients say, as it comes."""

from __future__ import annotations

import json

import msgspec

from simulator.overlay import Mutant
from simulator.storage.incoming import Incoming
from simulator.storage.naming import Name


class _Believes(Incoming):
    def named(self) -> Name:
        if self._name is not None:
            return self._name
        line = self._header.seen
        name = super().named()
        try:
            node = json.loads(line)["srcNodeID"]
        except (ValueError, LookupError, TypeError):
            return name
        if isinstance(node, str) and "\0" not in node:
            name = self._name = msgspec.structs.replace(name, node=node)
        return name


MUTANT = Mutant(
    name="recorder-believes-node-ids",
    part="recorder",
    summary="joins the base path and whatever stands in srcNodeID",
    breaks=("hostile-1", "storage-4"),
    shown_by=("recorder/hostile/names-traversal",),
    overlay={Incoming: _Believes},
)
