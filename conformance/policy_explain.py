"""Explaining a policy: ``alice@laptop→root@prod-1``, with a node list or without.

With one, the answer is a decision. Without one nobody knows which tags prod-1 carries: the answer
is then which rules could match, and under which conditions. A node of the question may also be
given as ``tag:NAME``, which needs no node list.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from conformance.nodes import Node, find_node
from conformance.policy_match import decide, is_source, is_user, local_part_of
from conformance.policy_types import Decision, Policy, Rule


class QuestionError(ValueError):
    """A question that cannot be answered as it is put; the message says what would do."""


class Question(msgspec.Struct, frozen=True):
    """Who wants to go where, as it was written."""

    who: str
    """Login, or the part of it before the @; empty for a tagged node."""
    source: str
    user: str
    destination: str


class Possibility(msgspec.Struct, frozen=True):
    """A rule that matches when all conditions hold."""

    rule: Rule
    conditions: tuple[str, ...]


def read_question(text: str) -> Question:
    """Read ``WHO@NODE→USER@NODE`` (``->`` does too; a tagged source node stands without WHO)."""
    left, arrow, right = text.replace("->", "→").partition("→")
    who, _, source = left.strip().rpartition("@")
    user, _, destination = right.strip().rpartition("@")
    if not arrow or not source or not user or not destination:
        raise QuestionError(f"{text!r} is not like alice@laptop→root@prod-1")
    return Question(who, source, user, destination)


def answer(policy: Policy, nodes: Iterable[Node], question: Question) -> Decision:
    """Decide for the question's connection; QuestionError when it names what is not there."""
    nodes = tuple(nodes)
    source = _node(nodes, question.source)
    destination = _node(nodes, question.destination)
    if question.who and not source.login:
        raise QuestionError(f"{question.source} is tagged: it connects as itself, not as a user")
    if question.who not in ("", source.login, local_part_of(source.login)):
        raise QuestionError(f"{question.source} belongs to {source.login}, not to {question.who}")
    return decide(policy, nodes, source, destination, question.user)


def _node(nodes: tuple[Node, ...], name: str) -> Node:
    if name.startswith("tag:"):
        return _tagged(name)
    node = find_node(nodes, name)
    if node is None:
        names = [known for one in nodes for known in (one.name, one.short_name)]
        near = get_close_matches(name, names, n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        raise QuestionError(f"no node {name!r} in the node list{hint}")
    return node


def _tagged(tag: str) -> Node:
    return Node(name=tag, id=tag, numeric_id=0, addresses=(), tags=(tag,))


def possibilities(policy: Policy, question: Question) -> tuple[Possibility, ...]:
    """Return the rules that could match, in order, up to the first that certainly does."""
    who = _login(policy, question.who)
    found = []
    for rule in policy.ssh:
        source = Node(name=question.source, id="", numeric_id=0, addresses=(), user=who)
        if question.source.startswith("tag:"):
            source = _tagged(question.source)
        if not any(is_user(name.text, source, question.user) for name in rule.users):
            continue
        conditions = (
            _if_source(policy, rule, source),
            _if_destination(rule, source, question.destination),
        )
        if None not in conditions:
            found.append(Possibility(rule, tuple(filter(None, conditions))))
            if not found[-1].conditions:
                break
    return tuple(found)


def _login(policy: Policy, who: str) -> str:
    """Return the only login of the policy that `who` can be; `who` itself when there is none."""
    known = {member for members in policy.groups.values() for member in members}
    known |= {name.text for rule in policy.ssh for name in rule.src}
    known = {login for login in known if login == who or local_part_of(login) == who != ""}
    if len(known) > 1 and who not in known:
        raise QuestionError(f"{who} can be {' or '.join(sorted(known))}: write the whole login")
    return who if who in known or not known else known.pop()


def _if_source(policy: Policy, rule: Rule, source: Node) -> str | None:
    """Return the condition under which a source of `rule` is `source`; None: it is not."""
    if any(is_source(policy, name.text, source) for name in rule.src):
        return ""
    names = [name.text for name in rule.src]
    if source.tags:
        return None
    if source.login:
        roles = [name for name in names if name.startswith("autogroup:") and name != _TAGGED]
        return f"{source.login} is in {' or '.join(roles)}" if roles else None
    tags = [name for name in names if name.startswith("tag:")]
    if _TAGGED in names:
        return f"{source.name} is tagged"
    return f"{source.name} carries {' or '.join(tags)}" if tags else None


def _if_destination(rule: Rule, source: Node, destination: str) -> str | None:
    """Return the condition under which a destination of `rule` is `destination`."""
    names = [name.text for name in rule.dst]
    if destination.startswith("tag:"):
        return "" if destination in names or _TAGGED in names else None
    conditions = []
    if _TAGGED in names:
        conditions.append(f"{destination} is tagged")
    tags = [name for name in names if name.startswith("tag:")]
    if tags:
        conditions.append(f"{destination} carries {' or '.join(tags)}")
    if source.login and ("autogroup:self" in names or source.login in names):
        conditions.append(f"{destination} belongs to {source.login}")
    return " or ".join(conditions) or None


_TAGGED = "autogroup:tagged"
