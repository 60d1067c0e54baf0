"""What people get wrong in policies that are, as such, valid.

Each warning names the place it is about. Kinds: ``recorder-unowned``, ``recorder-missing``,
``enforce-without-recorder``, ``fail-open``, ``shadowed``, ``recording-bypassed``,
``check-after-accept``, ``matches-nothing``, ``unknown-tag``, ``check-from-tag``,
``check-period-unused``, ``posture-ignored``, ``odd-user``, ``unknown-section``, ``too-large``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeAlias

from conformance.hujson import quoted
from conformance.nodes import ROLES, Node
from conformance.policy import SECTIONS, close_to
from conformance.policy_match import domain_of
from conformance.policy_types import (
    LOCAL_PART,
    Name,
    Policy,
    PolicyWarning,
    Rule,
)

MAX_COMPARISONS = 200_000
"""How much is compared, over all rules, to find those that earlier ones shadow."""

MAX_UNKNOWN = 100
"""How many unknown sections are warned of."""


def warnings(policy: Policy, nodes: Iterable[Node] | None = None) -> tuple[PolicyWarning, ...]:
    """Return the warnings about a policy, in the order of the file.

    Without `nodes` nothing is said about tags that no node carries.
    """
    carried = None if nodes is None else frozenset(tag for node in nodes for tag in node.tags)
    owned = _owned(policy)
    found = [*_unknown_sections(policy), *_shadows(policy)]
    for rule in policy.ssh:
        found += _about_recording(policy, rule, owned, carried)
        found += _about_selectors(policy, rule)
    return tuple(sorted(found, key=lambda warning: (warning.line, warning.column, warning.kind)))


def _warning(at: Name | Rule, kind: str, message: str) -> PolicyWarning:
    return PolicyWarning(line=at.line, column=at.column, kind=kind, message=message)


def _unknown_sections(policy: Policy) -> Iterator[PolicyWarning]:
    sections = {section.lower(): section for section in SECTIONS}
    for name in policy.unknown[:MAX_UNKNOWN]:
        near = sections.get(close_to(name.text.lower(), sections))
        hint = f': did you mean "{near}"?' if near else ""
        yield _warning(name, "unknown-section", f"section {quoted(name.text)} is ignored{hint}")


# --- recording ------------------------------------------------------------------------------------


def _about_recording(
    policy: Policy, rule: Rule, owned: frozenset[str], carried: frozenset[str] | None
) -> Iterator[PolicyWarning]:
    for tag in rule.recorder:
        if tag.text not in owned:
            why = "is not in tagOwners" if tag.text not in policy.tag_owners else "has no owner"
            yield _warning(
                tag, "recorder-unowned", f"nobody owns recorder tag {tag.text}: it {why}"
            )
        if carried is not None and tag.text not in carried:
            end = "refused" if rule.enforced else "not recorded"
            yield _warning(
                tag,
                "recorder-missing",
                f"no node carries recorder tag {tag.text}: without another recorder, sessions "
                f"of rule {rule.number} are {end}",
            )
    if rule.enforced and not rule.recorder:
        assert rule.enforce_recorder is not None
        yield _warning(
            rule.enforce_recorder,
            "enforce-without-recorder",
            f"rule {rule.number} enforces recording but names no recorder: its sessions are not "
            "recorded at all",
        )
    if rule.recorder and rule.enforce_recorder is None:
        yield _warning(
            rule.recorder[0],
            "fail-open",
            f"rule {rule.number} has recorder but not enforceRecorder: when no recorder answers, "
            "its sessions go on unrecorded; say enforceRecorder true, or false if that is meant",
        )


def _owned(policy: Policy) -> frozenset[str]:
    """Return the tags that some person can give to a node; a tag may own a tag."""
    owned_by: dict[str, list[str]] = {}
    found = []
    for tag, owners in policy.tag_owners.items():
        for owner in owners:
            if owner.startswith("tag:"):
                owned_by.setdefault(owner, []).append(tag)
            elif not owner.startswith("group:") or "@" in owner or policy.groups.get(owner):
                found.append(tag)
    owned: set[str] = set()
    while found:
        tag = found.pop()
        if tag not in owned:
            owned.add(tag)
            found += owned_by.get(tag, ())
    return frozenset(owned)


# --- what a rule names ----------------------------------------------------------------------------


def _about_selectors(policy: Policy, rule: Rule) -> Iterator[PolicyWarning]:
    for names, key in ((rule.src, "src"), (rule.dst, "dst")):
        if not names:
            yield _warning(
                rule, "matches-nothing", f"rule {rule.number} has no {key}: it never matches"
            )
        for name in names:
            if name.text.startswith("tag:") and name.text not in policy.tag_owners:
                yield _warning(name, "unknown-tag", f"{key} {name.text} is not in tagOwners")
    for name in rule.src:
        if rule.action == "check" and name.text.startswith(("tag:", "autogroup:tagged")):
            yield _warning(
                name,
                "check-from-tag",
                f"{name.text} cannot be checked: a tagged node has no user to ask",
            )
    for name in rule.users:
        if ":" in name.text and name.text != "autogroup:nonroot" and not _local(name):
            yield _warning(
                name,
                "odd-user",
                f"{quoted(name.text)} is taken as the name of an account, literally",
            )
    if rule.check_period and rule.action == "accept":
        yield _warning(
            rule.check_period, "check-period-unused", "checkPeriod means nothing with accept"
        )
    for name in rule.src_posture[:1]:
        yield _warning(
            name, "posture-ignored", "srcPosture is not looked at here: it is taken as met"
        )


def _local(name: Name) -> bool:
    return LOCAL_PART.fullmatch(name.text) is not None


# --- rules in the way of each other ---------------------------------------------------------------

_Key: TypeAlias = tuple[str, str, str]
"""A source, a destination and a user, as rules name them."""


def _shadows(policy: Policy) -> Iterator[PolicyWarning]:
    """Compare each rule, one (source, destination, user) at a time, with all that came before."""
    first: dict[_Key, Rule] = {}
    left = MAX_COMPARISONS
    groups_of = _groups_of(policy)
    for rule in policy.ssh:
        sources = [
            _covering_sources(source, groups_of)
            for name in rule.src
            for source in policy.groups.get(name.text) or (name.text,)
        ]
        destinations = [_covering_destinations(name.text) for name in rule.dst]
        users = [_covering_users(name.text) for name in rule.users]
        left -= sum(map(len, sources)) * sum(map(len, destinations)) * sum(map(len, users))
        if left < 0:
            yield _warning(
                rule,
                "too-large",
                f"from rule {rule.number} on, nobody looked for rules that earlier ones shadow",
            )
            return
        earlier = [
            _earliest(first, product(*combination))
            for combination in product(sources, destinations, users)
        ]
        yield from _in_the_way(rule, earlier)
        for source in rule.src:
            for destination in rule.dst:
                for user in rule.users:
                    first.setdefault((source.text, destination.text, user.text), rule)


def _earliest(first: dict[_Key, Rule], covering: Iterable[tuple[str, ...]]) -> Rule | None:
    """Return the first rule that names one of the combinations of `covering`, if one does."""
    found = [rule for source, to, user in covering if (rule := first.get((source, to, user)))]
    return min(found, key=lambda rule: rule.index, default=None)


def _in_the_way(rule: Rule, earlier: list[Rule | None]) -> Iterator[PolicyWarning]:
    """Say what earlier rules, one for each combination of `rule`, do to it."""
    winners = {winner.index: winner for winner in earlier if winner is not None}
    named = ", ".join(
        f"rule {winners[index].number} on line {winners[index].line}" for index in sorted(winners)
    )
    note = ""
    if rule.action == "check" and any(w.action == "accept" for w in winners.values()):
        note = "; Tailscale's own control plane tries check rules first: put it before"
    if winners and None not in earlier:
        message = f"rule {rule.number} never matches: {named} comes first{note}"
        yield _warning(rule, "shadowed", message)
        return
    weaker = ""
    if rule.recorder and any(not winner.recorder for winner in winners.values()):
        weaker = "unrecorded"
    elif rule.recorder and rule.enforced and any(not w.enforced for w in winners.values()):
        weaker = "unenforced"
    if weaker:
        message = f"rule {rule.number} records, but {named} matches part of it first, {weaker}"
        yield _warning(rule, "recording-bypassed", message)
    if note:
        message = f"rule {rule.number} checks, but {named} matches part of it first{note}"
        yield _warning(rule, "check-after-accept", message)


def _groups_of(policy: Policy) -> dict[str, list[str]]:
    """Return the groups of each user."""
    groups: dict[str, list[str]] = {}
    for group, members in policy.groups.items():
        for member in members:
            groups.setdefault(member, []).append(group)
    return groups


def _covering_sources(selector: str, groups_of: dict[str, list[str]]) -> list[str]:
    """Return the sources that stand for all that `selector` does, itself included."""
    kind, _, name = selector.partition(":")
    everyone = ["autogroup:member", "autogroup:members"]
    if kind == "tag":
        return [selector, "autogroup:tagged"]
    if kind in ("group", "user") or (kind == "autogroup" and name in (*ROLES, "members")):
        return [selector, *everyone]
    if kind == "autogroup":
        return [selector]
    domain = f"user:*@{domain_of(selector)}"
    return [selector, domain, *everyone, *groups_of.get(selector, ())]


def _covering_destinations(selector: str) -> list[str]:
    """Return the destinations that stand for all that `selector` does, itself included."""
    if selector.startswith("tag:"):
        return [selector, "autogroup:tagged"]
    if selector.startswith("autogroup:"):
        return [selector]
    # The one user who may be a destination is the one who connects.
    return [selector, "autogroup:self"]


def _covering_users(selector: str) -> list[str]:
    """Return the users that stand for all that `selector` does, itself included."""
    if selector in ("root", "autogroup:nonroot"):
        return [selector]
    return [selector, "autogroup:nonroot"]
