"""An SSH server for which the last rule that matches decides."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.wire import SSHRule
from simulator.overlay import Mutant
from simulator.ssh_policy import Policy


class _Last(Policy):
    def matching(self, rules: Iterable[SSHRule], node: str, ssh_user: str) -> SSHRule | None:
        return super().matching(reversed(tuple(rules)), node, ssh_user)


MUTANT = Mutant(
    name="takes-the-last-rule",
    part="ssh-server",
    summary="tries the rules that it was sent from the last one to the first",
    breaks=("policy-13", "machine-2", "storage-2"),
    shown_by=("policy/first-rule",),
    overlay={Policy: _Last},
)
