"""A control plane that looks up groups once."""

from __future__ import annotations

import msgspec

from conformance.policy_types import Policy
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Once(ControlPlane):
    def take_policy(self, policy: Policy) -> None:
        groups = self.policy.groups or policy.groups
        super().take_policy(msgspec.structs.replace(policy, groups=groups))


MUTANT = Mutant(
    name="control-keeps-old-groups",
    part="control",
    summary="takes everybody for a member of the groups that they were in at the start",
    breaks=(
        "policy-17",
        "machine-2",
        "storage-2",
    ),
    shown_by=("policy/moved",),
    overlay={ControlPlane: _Once},
)
