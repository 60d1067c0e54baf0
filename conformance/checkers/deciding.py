"""What a control plane answers, held against the policy that it was given (section 2).

A policy file is data, and so is the tailnet: which rule decides, and what its action is, follows
from them. The control plane's own words are what it is held to; its mistakes are told apart by
which rule, which nodes and which messages the answer would be right for.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conformance.checking import Findings, checks
from conformance.history import ActionServed, Addressed, ControlReceived
from conformance.hujson import HuJsonError
from conformance.nodes import Node, find_node, is_address
from conformance.policy import read_policy
from conformance.policy_match import accept_action, matches
from conformance.policy_types import Policy, Rule
from conformance.scenario import Control
from conformance.sessions import View
from conformance.wire import SSHAction

POLICY = "/policy"
"""Where a control plane of ours is given another policy."""
DECIDES = ("policy-2", "policy-3", "policy-17")
TELLS = ("policy-5", "policy-6", "policy-8", "policy-10", "policy-18", "policy-19")


class _Asked(msgspec.Struct, frozen=True):
    """One answer, and what there was to know for it."""

    answer: ActionServed
    first: bool
    """False when the answer before held this connection."""
    policy: Policy
    before: Policy | None
    """The policy until the last change."""
    nodes: tuple[Node, ...]
    source: Node
    destination: Node

    @property
    def matching(self) -> list[Rule]:
        """The rules that match, in the order of the file."""
        return self.by(self.policy)

    def by(self, policy: Policy) -> list[Rule]:
        """Return the rules of a policy that match."""
        who = self.source, self.destination, self.answer.ssh_user
        return [rule for rule in policy.ssh if matches(policy, rule, *who)]

    def comes_to(self, rule: Rule) -> _Outcome:
        """Return what a rule's answer comes to at this point."""
        if rule.action == "check" and self.first:
            return _HOLDS
        return _outcome(accept_action(rule, self.nodes))

    @property
    def outcome(self) -> _Outcome:
        """What the answer comes to."""
        return _outcome(self.answer.action)


_Outcome = tuple[bool, tuple[str, ...], bool, bool, bool]
_HOLDS: _Outcome = (True, (), False, False, False)


def _outcome(action: SSHAction) -> _Outcome:
    """Return whether it holds, the recorders, whether there is a failure action, its messages."""
    failure = action.on_recording_failure
    return (
        bool(action.hold_and_delegate),
        action.recorders or (),
        failure is not None,
        bool(failure and failure.reject_session_with_message),
        bool(failure and failure.terminate_session_with_message),
    )


@checks(*DECIDES, *TELLS)
def answers(view: View, out: Findings) -> None:
    """Hold every answer against the policy of its moment."""
    for asked in _asked(view):
        rules = asked.matching
        if not rules:
            continue  # that nobody gets in is the SSH server's: policy-12
        if not _decided(asked, rules, out):
            continue
        _told(asked, rules[0], out)


def _asked(view: View) -> Iterator[_Asked]:
    """Yield the answers that a policy decided, in the control plane's order."""
    policy, before = _read(view.scenario.policy), None
    if policy is None or view.scenario.action is not None:
        return
    nodes = tuple(_nodes(view))
    on_hold: dict[tuple[str, str, str], bool] = {}
    for event in view.of("control"):
        what = event.what
        if isinstance(what, ControlReceived) and what.path == POLICY:
            changed = _read(what.body)
            if changed is not None:
                policy, before = changed, policy
        if not isinstance(what, ActionServed):
            continue
        key = what.peer, what.destination, what.ssh_user
        first = not on_hold.get(key, False)
        on_hold[key] = bool(what.action.hold_and_delegate)
        source = next((node for node in nodes if node.id == what.source), None)
        destination = find_node(nodes, what.destination)
        if source is not None and destination is not None:
            yield _Asked(what, first, policy, before, nodes, source, destination)


def _read(text: str | bytes) -> Policy | None:
    try:
        return read_policy(text) if text else None
    except HuJsonError:
        return None


def _nodes(view: View) -> Iterator[Node]:
    """Yield the tailnet's nodes, as far as the history names them: recorders come last."""
    for event in view.of("world"):
        what = event.what
        if isinstance(what, Addressed) and what.node_id:
            yield Node(
                name=what.node,
                id=what.node_id,
                numeric_id=what.numeric_id,
                addresses=(what.address,),
                tags=what.tags,
                user=what.login,
            )
    at = {node: address for address, node in view.addresses.items()}
    for number, recorder in enumerate(view.scenario.recorders, 1):
        host, _, port = at.get(recorder.name, "").rpartition(":")
        if host:
            yield Node(
                name=recorder.name,
                id=f"recorder {number}",
                numeric_id=-number,
                addresses=(host,),
                tags=recorder.tags,
                recorder_port=int(port),
            )


# --- which rule -----------------------------------------------------------------------------------


def _decided(asked: _Asked, rules: list[Rule], out: Findings) -> bool:
    """Judge which rule decided; false when it was not the right one."""
    right, got = asked.comes_to(rules[0]), asked.outcome
    others = [asked.comes_to(rule) for rule in rules[1:]]
    told = asked.answer.action
    if got != right and got in others:
        out.broken("policy-3", "a rule decided that stands after another that matches", told)
        return False
    several = {address for outcome in (right, *others) for address in outcome[1]}
    if set(right[1]) < set(got[1]) <= several:
        out.broken("policy-2", "the recorders of more rules than one were taken", told)
        return False
    if any(outcome != right for outcome in others):
        out.held("policy-2")
        out.held("policy-3")
    if asked.before is None:
        return True
    stale = [*asked.by(asked.before)[:1], *asked.by(_as_it_was(asked))[:1]]
    once = [asked.comes_to(rule) for rule in stale]
    if got != right and got in once:
        out.broken("policy-17", "somebody counts as what they were before the change", told)
        return False
    if any(outcome != right for outcome in once):
        out.held("policy-17")
    return True


def _as_it_was(asked: _Asked) -> Policy:
    """Return the policy of now with the groups of before its change."""
    assert asked.before is not None
    return msgspec.structs.replace(asked.policy, groups=asked.before.groups)


# --- what it says ---------------------------------------------------------------------------------


def _told(asked: _Asked, rule: Rule, out: Findings) -> None:
    told, got = asked.answer.action, asked.outcome
    if rule.action == "check":
        if asked.first:
            out.expect("policy-18", got[0], "a rule with check let the user in unchecked", told)
            return
        if got[0]:
            return  # held once more
        if rule.recorder:
            out.expect(
                "policy-18",
                bool(got[1]) or not asked.comes_to(rule)[1],
                "the action after the check carries no recorders",
                told,
            )
            if not got[1]:
                return
    if not rule.recorder:
        quiet = told.recorders is None and told.on_recording_failure is None
        out.expect("policy-19", quiet, "a rule without recorder asks for recording", told)
        if rule.enforced:
            out.expect("policy-6", quiet, "enforceRecorder alone asks for recording", told)
        return
    _recorders(asked, rule, out)
    out.expect(
        "policy-10",
        got[2:] == (True, rule.enforced, rule.enforced),
        f"the messages are not those of enforceRecorder: {str(rule.enforced).lower()}",
        told,
    )


def _recorders(asked: _Asked, rule: Rule, out: Findings) -> None:
    told, got, right = asked.answer.action, asked.outcome[1], asked.comes_to(rule)[1]
    if not all(map(_is_address, got)):
        out.broken("policy-8", "a recorder is not told of as ip:port", told)
        return
    same = set(got) == set(right)
    out.expect("policy-5", same, "the recorders are not the nodes that carry the tag", told, right)
    if same:
        out.expect("policy-8", got == right, "the recorders are in another order", told, right)


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return is_address(host.strip("[]")) and port.isdecimal()


# --- notices --------------------------------------------------------------------------------------


@checks("notice-6")
def taken_notices(view: View, out: Findings) -> None:
    """A notice that was taken is answered 201, unless the scenario has it answered otherwise."""
    if view.scenario.notice_status != Control().notice_status:
        return
    for notice in view.notices:
        out.expect(
            "notice-6",
            notice.status == Control().notice_status,
            f"a notice was answered {notice.status}",
            notice.path,
        )
