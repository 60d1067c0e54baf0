"""A writer of recordings that says in a word that there is no Kubernetes."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["kubernetes"] = {"PodName": ["none"]}
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-kubernetes-as-text",
    part="ssh-server",
    summary="writes a list of pods in `kubernetes`",
    breaks=("header-20", "header-31"),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
