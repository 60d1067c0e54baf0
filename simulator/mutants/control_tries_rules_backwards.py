"""A control plane for which the last rule that matches decides."""

from __future__ import annotations

import msgspec

from conformance.policy_types import Policy
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Backwards(ControlPlane):
    def take_policy(self, policy: Policy) -> None:
        super().take_policy(msgspec.structs.replace(policy, ssh=policy.ssh[::-1]))


MUTANT = Mutant(
    name="control-tries-rules-backwards",
    part="control",
    summary="tries the rules of the policy from the last one to the first",
    breaks=(
        "policy-3",
        "machine-2",
        "storage-2",
    ),
    shown_by=("policy/first-rule",),
    overlay={ControlPlane: _Backwards},
)
