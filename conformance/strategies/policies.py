"""Strategies for policy files that keep every rule of `conformance.policy`, and their node lists.

What a policy says and how its HuJSON is spelled are two things: `sections` draws the one,
`spelled` the other, with comments, trailing commas and white space wherever they may stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

from conformance.nodes import ROLES, Node
from conformance.policy import SOURCE_AUTOGROUPS

Sections: TypeAlias = dict[str, Any]


class Tailnet(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, how it is written, and the machines that it is about."""

    text: str
    """HuJSON."""
    sections: Sections
    """What the text says, as plain data."""
    nodes: tuple[Node, ...]
    """At least one; they carry the tags and belong to the users that the policy names."""


# --- names ----------------------------------------------------------------------------------------

_WORD = r"[a-z][a-z0-9-]{0,8}"

domains = st.sampled_from(("example.com", "example.org", "corp.example"))
"""What follows the @ of a login."""


def logins() -> st.SearchStrategy[str]:
    """Logins of users, few enough to meet again."""
    names = st.sampled_from(("alice", "bob", "carol")) | st.from_regex(_WORD, fullmatch=True)
    return st.builds("{}@{}".format, names, domains)


def tags() -> st.SearchStrategy[str]:
    """Tags, few enough to meet again."""
    named = st.sampled_from(("tag:recorder", "tag:prod", "tag:ci"))
    return named | st.from_regex(rf"tag:{_WORD}", fullmatch=True)


def groups() -> st.SearchStrategy[str]:
    """Names of groups that stand in the file."""
    return st.from_regex(rf"group:{_WORD}", fullmatch=True)


# --- what a policy says ---------------------------------------------------------------------------

_USERS = st.sampled_from(
    ("root", "ubuntu", "autogroup:nonroot", "localpart:*@example.com", "deploy")
) | st.from_regex(_WORD, fullmatch=True)
_ENV = st.from_regex(r"[A-Z_*?][A-Z0-9_*?]{0,8}", fullmatch=True)
_PERIODS = st.just("always") | st.builds(
    "{}{}".format, st.integers(1, 168), st.sampled_from(("h", "m", "s", "h30s", "ms"))
).filter(lambda period: period != "168h30s")


def _some(names: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(names, min_size=least, max_size=3)


@st.composite
def rules(draw: st.DrawFn, group_names: tuple[str, ...] = ()) -> dict[str, Any]:
    """One rule of the `ssh` section; `group_names` are the groups that it may name."""
    autogroups = st.sampled_from(sorted(SOURCE_AUTOGROUPS))
    people = st.one_of(
        logins(),
        st.builds("user:*@{}".format, domains),
        st.just("group:synced@example.com"),
        *([st.sampled_from(group_names)] if group_names else []),
    )
    rule: dict[str, Any] = {
        "action": draw(st.sampled_from(("accept", "check"))),
        "src": draw(_some(people | tags() | autogroups)),
    }
    reached = tags() | st.just("autogroup:tagged")
    sources: list[str] = rule["src"]
    if not any(name.startswith(("tag:", "autogroup:tagged")) for name in sources):
        reached |= st.just("autogroup:self")
    owner = sources[0] if len(set(sources)) == 1 else ""
    if "@" in owner and ":" not in owner:
        reached |= st.just(owner)
    rule["dst"] = draw(_some(reached))
    rule["users"] = draw(_some(_USERS, 1))
    optional = {
        "checkPeriod": st.none() | _PERIODS,
        "acceptEnv": st.none() | _some(_ENV),
        "srcPosture": st.none() | _some(st.just("posture:latest")),
        "recorder": st.none() | _some(tags()),
        "enforceRecorder": st.none() | st.booleans(),
    }
    return rule | draw(st.fixed_dictionaries({}, optional=optional))


_ADDRESSES = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str)


@st.composite
def sections(draw: st.DrawFn) -> Sections:
    """What a policy file says, as plain data."""
    named = draw(st.dictionaries(groups(), _some(logins()), max_size=3))
    owners = logins() | tags() | st.just("autogroup:admin")
    drawn: Sections = {
        "groups": named,
        "hosts": draw(
            st.dictionaries(st.from_regex(_WORD, fullmatch=True), _ADDRESSES, max_size=2)
        ),
        "tagOwners": draw(st.dictionaries(tags(), _some(owners), max_size=4)),
        "ssh": draw(st.lists(rules(tuple(named)), max_size=5)),
    }
    others = {
        "acls": st.just([{"action": "accept", "src": ["*"], "dst": ["*:*"]}]),
        "randomizeClientPort": st.booleans(),
        "nodeAttrs": st.none(),
        "futureSection": st.integers() | st.text(max_size=10),
    }
    drawn |= draw(st.fixed_dictionaries({}, optional=others))
    order = draw(st.permutations(sorted(drawn)))
    return {name: drawn[name] for name in order}


# --- how it is spelled ----------------------------------------------------------------------------

_BLANKS = st.text(" \t\r\n", max_size=3)
_LINE = st.text(max_size=10).map(lambda text: f"//{text.replace(chr(10), '')}\n")
_BLOCK = st.text(max_size=10).map(lambda text: f"/*{text.replace('*', '')}*/")
gaps = st.lists(_BLANKS | _LINE | _BLOCK, max_size=2).map("".join)
"""What may stand between any two tokens: white space and comments."""


@st.composite
def spelled(draw: st.DrawFn, value: object) -> str:
    """Write plain data as HuJSON, in one of the many ways in which it can be written."""
    between = cycle(draw(st.lists(gaps, min_size=1, max_size=5)))
    trailing = cycle(draw(st.lists(st.booleans(), min_size=1, max_size=3)))
    ascii_only = draw(st.booleans())

    def write(value: object) -> Iterator[str]:
        yield next(between)
        if isinstance(value, dict):
            yield from members(value)
        elif isinstance(value, list):
            yield from elements(value)
        else:
            yield json.dumps(value, ensure_ascii=ascii_only)
        yield next(between)

    def members(value: dict[str, object]) -> Iterator[str]:
        yield "{"
        for index, (name, inner) in enumerate(value.items()):
            yield "," if index else ""
            yield from write(name)
            yield ":"
            yield from write(inner)
        yield from end("}", empty=not value)

    def elements(value: list[object]) -> Iterator[str]:
        yield "["
        for index, inner in enumerate(value):
            yield "," if index else ""
            yield from write(inner)
        yield from end("]", empty=not value)

    def end(bracket: str, *, empty: bool) -> Iterator[str]:
        yield "," if next(trailing) and not empty else ""
        yield next(between)
        yield bracket

    return "".join(write(value))


def policies() -> st.SearchStrategy[str]:
    """Whole policy files, as text."""
    return sections().flatmap(spelled)


# --- nodes ----------------------------------------------------------------------------------------


@st.composite
def node_lists(
    draw: st.DrawFn,
    *,
    known_tags: tuple[str, ...] = (),
    known_logins: tuple[str, ...] = (),
) -> tuple[Node, ...]:
    """Node lists that `conformance.nodes` takes, at least one node long.

    Nodes carry the tags and belong to the users that are given, and to others.
    """
    tag = st.sampled_from(known_tags) | tags() if known_tags else tags()
    login = st.sampled_from(known_logins) | logins() if known_logins else logins()
    labels = draw(
        st.lists(st.from_regex(_WORD, fullmatch=True), min_size=1, max_size=5, unique=True)
    )
    nodes = []
    for number, label in enumerate(labels, 1):
        tagged = draw(st.booleans())
        nodes.append(
            Node(
                name=f"{label}.example.ts.net",
                id=f"n{number}CNTRL",
                numeric_id=number,
                addresses=tuple(draw(st.lists(_ADDRESSES, min_size=1, max_size=2))),
                tags=tuple(draw(st.lists(tag, min_size=1, max_size=2))) if tagged else (),
                user="" if tagged else draw(login),
                user_id=0 if tagged else number,
                role=draw(st.sampled_from(ROLES)),
                ssh_port=draw(st.sampled_from((22, 2222))),
                recorder_port=draw(st.sampled_from((80, 8080))),
            )
        )
    return tuple(nodes)


@st.composite
def tailnets(draw: st.DrawFn) -> Tailnet:
    """Policies with the machines that they are about."""
    said = draw(sections())
    named = [name for rule in said["ssh"] for key in ("src", "dst") for name in rule[key]]
    named += [name for rule in said["ssh"] for name in rule.get("recorder") or ()]
    named += [member for members in said["groups"].values() for member in members]
    known = sorted(set(named))
    nodes = node_lists(
        known_tags=tuple(name for name in known if name.startswith("tag:")),
        known_logins=tuple(name for name in known if "@" in name and ":" not in name),
    )
    return Tailnet(text=draw(spelled(said)), sections=said, nodes=draw(nodes))
