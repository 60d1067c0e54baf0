"""The rules that a control plane sends an SSH server: who, as which users, and what is done then.

Source: protocol facts, section 2 (upstream: tailcfg). A policy file's names are resolved in them:
principals are nodes. The server takes the first rule that matches a connection; none, and it is
refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.nodes import Node
from conformance.policy_match import (
    accept_action,
    domain_of,
    is_destination,
    is_source,
    local_part_of,
)
from conformance.policy_types import LOCAL_PART, Policy, Rule
from conformance.wire import ANY_USER, SAME, SSHAction, SSHPrincipal, SSHRule


def ssh_rules(
    policy: Policy,
    nodes: Iterable[Node],
    destination: Node,
    *,
    notify_url: str = "",
    hold_url: str = "https://unused/ssh/action/check",
) -> tuple[SSHRule, ...]:
    """Return the rules of a policy that let somebody into `destination`, in its order.

    `notify_url` and `hold_url` are as in `conformance.policy_match.decide`.
    """
    nodes = tuple(nodes)
    found = []
    for rule in policy.ssh:
        checked = rule.action == "check"
        hold = SSHAction(hold_and_delegate=hold_url)
        action = hold if checked else accept_action(rule, nodes, notify_url)
        by_users: dict[tuple[tuple[str, str], ...], list[SSHPrincipal]] = {}
        for node in nodes:
            if _reaches(policy, rule, node, destination):
                users = tuple(sorted(_users(rule, node).items()))
                by_users.setdefault(users, []).append(SSHPrincipal(node=node.id))
        found += [
            SSHRule(principals=tuple(who), ssh_users=dict(users), action=action)
            for users, who in by_users.items()
        ]
    return tuple(found)


def _reaches(policy: Policy, rule: Rule, source: Node, destination: Node) -> bool:
    return any(is_source(policy, name.text, source) for name in rule.src) and any(
        is_destination(name.text, source, destination) for name in rule.dst
    )


def _users(rule: Rule, source: Node) -> dict[str, str]:
    """Return the accounts that a rule lets a node's user into."""
    names = [name.text for name in rule.users]
    users = {ANY_USER: SAME, "root": ""} if "autogroup:nonroot" in names else {}
    for name in names:
        local = LOCAL_PART.fullmatch(name)
        if local and domain_of(source.login) == local[1]:
            users[local_part_of(source.login)] = SAME
        elif not local and not name.startswith("autogroup:"):
            users[name] = SAME
    return users
