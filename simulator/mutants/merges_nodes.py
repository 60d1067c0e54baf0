"""A recorder that makes names safe by putting one character for all that are not."""

from __future__ import annotations

import json
import re

import msgspec

from simulator.overlay import Mutant
from simulator.storage.incoming import Incoming
from simulator.storage.naming import UNKNOWN, Name

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST = 255


class _Merges(Incoming):
    def named(self) -> Name:
        if self._name is not None:
            return self._name
        line = self._header.seen
        name = super().named()
        try:
            node = json.loads(line)["srcNodeID"]
        except (ValueError, LookupError, TypeError):
            return name
        if isinstance(node, str):
            safe = _UNSAFE.sub("_", node)[:_LONGEST]
            name = self._name = msgspec.structs.replace(name, node=safe or UNKNOWN)
        return name


MUTANT = Mutant(
    name="recorder-merges-nodes",
    part="recorder",
    summary="stores nodes whose IDs differ only in unsafe or late characters in one folder",
    breaks=("hostile-2",),
    shown_by=("recorder/hostile/names-nodes",),
    overlay={Incoming: _Merges},
)
