"""Deciding by policy: which rule matches a connection, and what the SSH server is told.

The first rule that matches wins, in the order of the file; none, and the connection is refused
(protocol facts, section 2). Tailscale's own control plane looks at ``check`` rules before
``accept`` rules (public reference, order of evaluation): where that makes a difference,
`conformance.policy_check` warns.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.nodes import Node
from conformance.policy_types import DOMAIN_USERS, LOCAL_PART, Decision, Policy, Rule
from conformance.wire import OnRecordingFailure, SSHAction

REJECT_MESSAGE = "Session refused: this session must be recorded, and no recorder can be reached."
TERMINATE_MESSAGE = "Session ended: this session must be recorded, and its recording was lost."
DENIED_MESSAGE = "Access denied: no ssh rule of the policy allows this connection."


def decide(
    policy: Policy,
    nodes: Iterable[Node],
    source: Node,
    destination: Node,
    ssh_user: str,
    *,
    notify_url: str = "",
    hold_url: str = "https://unused/ssh/action/check",
) -> Decision:
    """Decide for a connection from `source` to `ssh_user` on `destination`.

    `nodes` is where recorders are looked up. `notify_url` is where failures are reported,
    `hold_url` where the second action of a ``check`` is to be had.
    """
    for rule in policy.ssh:
        if matches(policy, rule, source, destination, ssh_user):
            final = accept_action(rule, nodes, notify_url)
            hold = SSHAction(hold_and_delegate=hold_url)
            return Decision(
                rule=rule,
                action=hold if rule.action == "check" else final,
                final=final,
                local_user=ssh_user,
            )
    denied = SSHAction(reject=True, message=DENIED_MESSAGE)
    return Decision(rule=None, action=denied, final=denied, local_user="")


def matches(policy: Policy, rule: Rule, source: Node, destination: Node, ssh_user: str) -> bool:
    """Tell whether one rule matches one connection; its srcPosture is taken as met."""
    return (
        any(is_source(policy, name.text, source) for name in rule.src)
        and any(is_destination(name.text, source, destination) for name in rule.dst)
        and any(is_user(name.text, source, ssh_user) for name in rule.users)
    )


def accept_action(rule: Rule, nodes: Iterable[Node], notify_url: str = "") -> SSHAction:
    """Return the action of a rule that lets the user in, recorders resolved.

    A rule without `recorder` records nothing, whatever it enforces. With it, the list is there
    even when no node carries the tag (D3), and so is the failure action: both messages when
    recording is enforced, none when it is not.
    """
    if not rule.recorder:
        return SSHAction(accept=True)
    return SSHAction(
        accept=True,
        recorders=recorders(rule, nodes),
        on_recording_failure=OnRecordingFailure(
            reject_session_with_message=REJECT_MESSAGE if rule.enforced else "",
            terminate_session_with_message=TERMINATE_MESSAGE if rule.enforced else "",
            notify_url=notify_url,
        ),
    )


def recorders(rule: Rule, nodes: Iterable[Node]) -> tuple[str, ...]:
    """Return ``ip:port`` of a rule's recorders: by its tags, then by the node list, each once."""
    nodes = tuple(nodes)
    found: dict[str, None] = {}
    for tag in rule.recorder:
        for node in nodes:
            if tag.text in node.tags:
                found.update(dict.fromkeys(node.recorders()))
    return tuple(found)


def is_source(policy: Policy, selector: str, node: Node) -> bool:
    """Tell whether a `src` of a rule stands for `node`."""
    kind, _, name = selector.partition(":")
    match kind:
        case "tag":
            return selector in node.tags
        case "group":
            return bool(node.login) and node.login in policy.groups.get(selector, ())
        case "autogroup":
            if name == "tagged":
                return bool(node.tags)
            return bool(node.login) and name in ("member", "members", node.role)
        case "user":
            domain = DOMAIN_USERS.fullmatch(selector)
            return bool(domain) and domain_of(node.login) == (domain and domain[1])
        case _:
            return node.login == selector


def is_destination(selector: str, source: Node, node: Node) -> bool:
    """Tell whether a `dst` of a rule stands for `node`, for connections from `source`."""
    match selector:
        case "autogroup:tagged":
            return bool(node.tags)
        case "autogroup:self":
            return bool(node.login) and node.login == source.login
        case _ if selector.startswith("tag:"):
            return selector in node.tags
        case _:
            return node.login == selector


def is_user(selector: str, source: Node, ssh_user: str) -> bool:
    """Tell whether a `users` entry of a rule allows `ssh_user`, for connections from `source`."""
    if selector == "autogroup:nonroot":
        return ssh_user not in ("", "root")
    local = LOCAL_PART.fullmatch(selector)
    if local:
        return domain_of(source.login) == local[1] and local_part_of(source.login) == ssh_user
    return selector == ssh_user


def domain_of(login: str) -> str:
    """Return what follows the last @ of a login."""
    return login.rpartition("@")[2] if "@" in login else ""


def local_part_of(login: str) -> str:
    """Return what precedes the last @ of a login, unchanged."""
    return login.rpartition("@")[0]
