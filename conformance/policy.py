"""The policy file: HuJSON to typed SSH rules, every error with its line and column.

Source: protocol facts, section 2, and Tailscale's public reference of the policy file: what
stands in `groups`, `hosts`, `tagOwners` and `ssh` is read, all other sections are accepted and
ignored. The key is `recorder`; `recorders` is an error with a hint (D11).

What a rule may name is what the reference allows: sources are users, groups, tags and autogroups;
destinations are tags, ``autogroup:self``, ``autogroup:tagged``, or the one user who is also the
only source. ``*``, addresses and hosts are neither, since nobody can say whose they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import ip_network
from itertools import islice
from typing import NoReturn

from conformance.hujson import Member, Value, parse, quoted
from conformance.nodes import ROLES, TAG
from conformance.policy_types import DOMAIN_USERS, Name, Policy, PolicyError, Rule

SECTIONS = (
    "acls", "autoApprovers", "defaultSrcPosture", "derpMap", "disableIPv4", "extraRecords",
    "grants", "groups", "hosts", "ipsets", "nodeAttrs", "OneCGNATRoute", "postures",
    "randomizeClientPort", "ssh", "sshTests", "tagOwners", "tests",
)  # fmt: skip
"""Top-level keys that policy files have."""

RULE_KEYS = (
    "action", "src", "dst", "users", "checkPeriod", "acceptEnv", "srcPosture", "recorder",
    "enforceRecorder",
)  # fmt: skip

SOURCE_AUTOGROUPS = frozenset(
    f"autogroup:{name}" for name in (*ROLES, "members", "tagged", "shared")
)
DESTINATION_AUTOGROUPS = frozenset({"autogroup:self", "autogroup:tagged"})

MAX_CHECK_PERIOD = 168 * 3600
"""Seconds: one week."""

_PERIOD = re.compile(r"-?(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|µs|ms|s|m|h))+")
_PERIOD_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_UNIT = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_policy(text: str | bytes) -> Policy:
    """Read a policy file.

    Raises HuJsonError where the text is not HuJSON, and its subclass PolicyError where it is
    HuJSON but no policy.
    """
    root = parse(text)
    sections = _object(root, "a policy file")
    groups = _named_lists(sections, "groups", "group:")
    for group, members in groups.items():
        for member in members:
            if member.text.startswith(("group:", "tag:", "autogroup:")):
                _fail(
                    member,
                    f"{quoted(member.text)} in {quoted(group)}: a group has users as members only",
                )
    policy = Policy(
        groups={name: _texts(members) for name, members in groups.items()},
        hosts=_hosts(sections),
        tag_owners={
            name: _texts(owners)
            for name, owners in _named_lists(sections, "tagOwners", "tag:").items()
        },
        ssh=tuple(
            _rule(item, index) for index, item in enumerate(_list(sections.get("ssh"), "ssh"))
        ),
        unknown=tuple(
            Name(name, member.key.line, member.key.column)
            for name, member in sections.items()
            if name not in SECTIONS
        ),
    )
    for rule in policy.ssh:
        _check_sources(rule, policy)
        _check_destinations(rule)
        _check_users(rule)
    return policy


# --- sections -------------------------------------------------------------------------------------


def _named_lists(
    sections: dict[str, Member], section: str, prefix: str
) -> dict[str, tuple[Name, ...]]:
    """Read a section that maps names with `prefix` to lists of strings."""
    if section not in sections or sections[section].value.data is None:
        return {}
    named = {}
    for name, member in _object(sections[section].value, section).items():
        if prefix == "tag:" and not TAG.fullmatch(name):
            _fail(
                member.key,
                f"{quoted(name)} is not a tag, 'tag:' and a name that starts with a letter",
            )
        if not name.startswith(prefix) or name == prefix:
            _fail(
                member.key,
                f"{quoted(name)} in {section} must start with {quoted(prefix)} and have a name",
            )
        named[name] = _names(member, f"{section}[{quoted(name)}]")
    return named


def _hosts(sections: dict[str, Member]) -> dict[str, str]:
    if "hosts" not in sections or sections["hosts"].value.data is None:
        return {}
    hosts = {}
    for name, member in _object(sections["hosts"].value, "hosts").items():
        address = _name(member.value, f"hosts[{quoted(name)}]")
        try:
            ip_network(address.text, strict=False)
        except ValueError:
            _fail(
                address,
                f"hosts[{quoted(name)}] is not an IP address or prefix: {quoted(address.text)}",
            )
        hosts[name] = address.text
    return hosts


def _rule(value: Value, index: int) -> Rule:
    members = _object(value, "an ssh rule")
    for name, member in members.items():
        if name not in RULE_KEYS:
            near = close_to(name, RULE_KEYS)
            hint = f': did you mean "{near}"?' if near else f"; it has {', '.join(RULE_KEYS)}"
            _fail(member.key, f"unknown key {quoted(name)} in an ssh rule{hint}")
    action = members.get("action")
    if action is None or action.value.data in (None, ""):
        _fail(action.value if action else value, 'an ssh rule needs an "action": accept or check')
    named = _name(action.value, "action")
    if named.text not in ("accept", "check"):
        _fail(named, f'action is "accept" or "check", not {quoted(named.text)}')
    return Rule(
        index=index,
        line=value.line,
        column=value.column,
        action=named.text,
        src=_names(members.get("src"), "src"),
        dst=_names(members.get("dst"), "dst"),
        users=_users(members.get("users"), value),
        check_period=_check_period(members.get("checkPeriod")),
        accept_env=_accept_env(members.get("acceptEnv")),
        src_posture=_names(members.get("srcPosture"), "srcPosture"),
        recorder=_recorder(members.get("recorder")),
        enforce_recorder=_enforce_recorder(members.get("enforceRecorder")),
    )


def _users(member: Member | None, rule: Value) -> tuple[Name, ...]:
    users = _names(member, "users")
    if not users:
        _fail(member.value if member else rule, 'an ssh rule needs "users", with at least one')
    return users


def _check_period(member: Member | None) -> Name | None:
    if member is None or member.value.data is None:
        return None
    period = _name(member.value, "checkPeriod")
    if period.text == "always":
        return period
    if not _PERIOD.fullmatch(period.text):
        _fail(period, f'checkPeriod is a time like "12h" or "always", not {quoted(period.text)}')
    if period.text.startswith("-"):
        _fail(period, f"checkPeriod {quoted(period.text)} is not positive")
    seconds = sum(float(number) * _UNIT[unit] for number, unit in _PERIOD_PART.findall(period.text))
    if seconds > MAX_CHECK_PERIOD:
        _fail(period, f"checkPeriod {quoted(period.text)} is longer than a week (168h)")
    return period


def _accept_env(member: Member | None) -> tuple[str, ...]:
    names = _names(member, "acceptEnv")
    for name in names:
        if not name.text:
            _fail(name, "a name in acceptEnv is empty")
    return _texts(names)


def _recorder(member: Member | None) -> tuple[Name, ...]:
    names = _names(member, "recorder")
    for name in names:
        if not TAG.fullmatch(name.text):
            _fail(name, f'recorder lists tags, like ["tag:recorder"], not {quoted(name.text)}')
    return names


def _enforce_recorder(member: Member | None) -> Name | None:
    if member is None or member.value.data is None:
        return None
    if not isinstance(member.value.data, bool):
        _fail(member.value, f"enforceRecorder is true or false, not {_kind(member.value)}")
    return Name(str(member.value.data).lower(), member.key.line, member.key.column)


# --- what a rule may name -------------------------------------------------------------------------


def _check_sources(rule: Rule, policy: Policy) -> None:
    for name in rule.src:
        text = name.text
        if text == "*":
            _fail(name, 'src cannot be "*": use autogroup:member, autogroup:tagged, groups or tags')
        if text.startswith("group:"):
            # A group that an identity provider keeps is not in the file: its name has an @.
            if text not in policy.groups and "@" not in text:
                near = close_to(text[6:], (group[6:] for group in policy.groups))
                hint = f": did you mean {quoted('group:' + near)}?" if near else ""
                _fail(name, f"{quoted(text)} is not in groups{hint}")
        elif text.startswith("autogroup:"):
            if text not in SOURCE_AUTOGROUPS:
                _fail(name, f"{quoted(text)} cannot be the src of an ssh rule")
        elif not _is_tag_or_user(name) and not DOMAIN_USERS.fullmatch(text):
            _fail(name, f"src names users, groups, tags or autogroups, not {quoted(text)}")


def _check_destinations(rule: Rule) -> None:
    tagged = [name for name in rule.src if name.text.startswith(("tag:", "autogroup:tagged"))]
    for name in rule.dst:
        text = name.text
        if text == "*":
            _fail(name, 'dst cannot be "*": use autogroup:self, autogroup:tagged or tags')
        if text.startswith("autogroup:"):
            if text not in DESTINATION_AUTOGROUPS:
                _fail(name, f"{quoted(text)} cannot be the dst of an ssh rule: use autogroup:self")
            if text == "autogroup:self" and tagged:
                _fail(
                    tagged[0],
                    f"{quoted(tagged[0].text)} is no user: it cannot go with autogroup:self",
                )
        elif not _is_tag_or_user(name):
            _fail(name, f"dst names tags, autogroup:self or a user, not {quoted(text)}")
        elif not text.startswith("tag:") and any(source.text != text for source in rule.src):
            _fail(name, f"only {text} may reach the nodes of {text}: src must name nobody else")


def _check_users(rule: Rule) -> None:
    for name in rule.users:
        if name.text in ("", "*"):
            _fail(name, f"{quoted(name.text)} is not a user: use autogroup:nonroot, root or names")
        if name.text == "localpart:*@*":
            _fail(name, "localpart:*@ needs a domain, like localpart:*@example.com")


def _is_tag_or_user(name: Name) -> bool:
    if name.text.startswith("tag:"):
        if not TAG.fullmatch(name.text):
            _fail(
                name,
                f"{quoted(name.text)} is not a tag, 'tag:' and a name that starts with a letter",
            )
        return True
    return "@" in name.text and "*" not in name.text and ":" not in name.text


def close_to(text: str, names: Iterable[str]) -> str:
    """Return the one of `names` that `text` may have been meant to be; empty: none.

    Comparing is slow: neither long texts nor many names are compared.
    """
    near = get_close_matches(text, list(islice(names, 1000)), n=1) if len(text) <= 64 else ()
    return near[0] if near else ""


# --- shapes ---------------------------------------------------------------------------------------


def _object(value: Value, what: str) -> dict[str, Member]:
    if not isinstance(value.data, dict):
        _fail(value, f"{what} must be an object, not {_kind(value)}")
    return value.data


def _list(member: Member | None, what: str) -> list[Value]:
    """Return the elements; an absent or null list is empty."""
    if member is None or member.value.data is None:
        return []
    if not isinstance(member.value.data, list):
        hint = ": put it in [ ]" if isinstance(member.value.data, str) else ""
        _fail(member.value, f"{what} must be a list, not {_kind(member.value)}{hint}")
    return member.value.data


def _names(member: Member | None, what: str) -> tuple[Name, ...]:
    return tuple(_name(item, what) for item in _list(member, what))


def _name(value: Value, what: str) -> Name:
    if not isinstance(value.data, str):
        _fail(value, f"{what} takes strings, not {_kind(value)}")
    return Name(value.data.strip(), value.line, value.column)


def _texts(names: tuple[Name, ...]) -> tuple[str, ...]:
    return tuple(name.text for name in names)


def _kind(value: Value) -> str:
    """Name the kind of a value as JSON does."""
    match value.data:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"


def _fail(at: Value | Name, message: str) -> NoReturn:
    raise PolicyError(at.line, at.column, message)
