"""A control plane that records wherever any rule that matches says so."""

from __future__ import annotations

import msgspec

from conformance.nodes import Node
from conformance.policy_types import Decision
from conformance.wire import SSHAction, SSHRule
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _AddsUp(ControlPlane):
    def decide(self, source: Node, destination: Node, ssh_user: str, number: int) -> Decision:
        decision = super().decide(source, destination, ssh_user, number)
        rules = super().rules(destination, number)
        matching = [rule.action for rule in rules if rule.matches(source.id, ssh_user)]
        action = _sum(decision.action, matching)
        return msgspec.structs.replace(decision, action=action, final=action)

    def rules(self, destination: Node, number: int) -> tuple[SSHRule, ...]:
        rules = super().rules(destination, number)
        actions = [rule.action for rule in rules]
        return tuple(
            msgspec.structs.replace(rule, action=_sum(rule.action, actions)) for rule in rules
        )


def _sum(action: SSHAction, others: list[SSHAction]) -> SSHAction:
    every = dict.fromkeys(
        [*(action.recorders or ()), *(a for o in others for a in o.recorders or ())]
    )
    return msgspec.structs.replace(action, recorders=tuple(every))


MUTANT = Mutant(
    name="control-adds-rules-up",
    part="control",
    summary="lists the recorders of all rules that match",
    breaks=("policy-2",),
    shown_by=("policy/first-rule",),
    overlay={ControlPlane: _AddsUp},
)
