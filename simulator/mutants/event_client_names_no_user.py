"""An event client that gives the ID of a user and not the name."""

from __future__ import annotations

import msgspec

from conformance.nodes import Node
from simulator.api_proxy import Encoder, Source
from simulator.overlay import Mutant


class _Nameless(Encoder):
    def source(self, node: Node) -> Source:
        return msgspec.structs.replace(super().source(node), node_user="")


MUTANT = Mutant(
    name="event-client-names-no-user",
    part="event-client",
    summary="leaves `source.nodeUser` out",
    breaks=("event-10",),
    shown_by=("events/stored",),
    overlay={Encoder: _Nameless},
)
