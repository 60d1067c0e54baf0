"""A control plane for which a node with any tag of a recorder carries all of them."""

from __future__ import annotations

import msgspec

from conformance.history import Log
from simulator.control import ControlConfig, ControlPlane
from simulator.overlay import Mutant


class _AllTags(ControlPlane):
    def __init__(self, config: ControlConfig, log: Log) -> None:
        nodes = tuple(
            msgspec.structs.replace(node, tags=(*node.tags, "tag:recorder"))
            if "tag:archive" in node.tags
            else node
            for node in config.nodes
        )
        super().__init__(msgspec.structs.replace(config, nodes=nodes), log)


MUTANT = Mutant(
    name="control-lists-other-tags",
    part="control",
    summary="lists nodes that carry another tag than the rule names",
    breaks=("policy-5",),
    shown_by=("policy/moved",),
    overlay={ControlPlane: _AllTags},
)
