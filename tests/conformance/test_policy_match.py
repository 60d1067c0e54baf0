"""Deciding: first match wins, who is who, and what the SSH server is told."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.nodes import Node
from conformance.policy import read_policy
from conformance.policy_match import (
    DENIED_MESSAGE,
    REJECT_MESSAGE,
    TERMINATE_MESSAGE,
    decide,
    local_part_of,
    matches,
    recorders,
)
from conformance.policy_types import Decision, Policy
from conformance.wire import OnRecordingFailure, SSHAction


def node(name: str, number: int, **keys: Any) -> Node:
    return Node(
        name=f"{name}.ts.net",
        id=f"n{name}CNTRL",
        numeric_id=number,
        addresses=keys.pop("addresses", (f"100.64.0.{number}",)),
        **keys,
    )


LAPTOP = node("laptop", 1, user="alice@example.com", user_id=11)
DESKTOP = node("desktop", 2, user="alice@example.com", user_id=11)
PHONE = node("phone", 3, user="bob@example.org", user_id=12, role="admin")
ROOTS = node("roots", 4, user="root@example.com", user_id=13)
PROD = node("prod", 21, tags=("tag:prod",))
CI = node("ci", 22, tags=("tag:ci", "tag:build"), user="alice@example.com")
ONE = node("one", 31, tags=("tag:recorder",))
TWO = node("two", 32, tags=("tag:spare", "tag:recorder"), recorder_port=8080)
SIX = node("six", 33, tags=("tag:spare",), addresses=("100.64.0.33", "fd7a::33"))
NODES = (LAPTOP, DESKTOP, PHONE, PROD, CI, TWO, ONE, SIX)


def policy(*rules: dict[str, Any]) -> Policy:
    fine = {"action": "accept", "src": ["autogroup:member"], "dst": ["tag:prod"], "users": ["root"]}
    groups = {"group:ops": ["alice@example.com"], "group:none": []}
    return read_policy(json.dumps({"groups": groups, "ssh": [fine | rule for rule in rules]}))


def allowed(rule: dict[str, Any], source: Node, destination: Node, user: str) -> bool:
    read = policy(rule)
    return matches(read, read.ssh[0], source, destination, user)


@pytest.mark.parametrize(
    ("selector", "sources"),
    [
        ("alice@example.com", [LAPTOP]),
        ("user:*@example.com", [LAPTOP, ROOTS]),
        ("user:*@example", []),
        ("group:ops", [LAPTOP]),
        ("group:none", []),
        ("group:unknown@example.com", []),
        ("tag:ci", [CI]),
        ("tag:prod", [PROD]),
        ("autogroup:member", [LAPTOP, PHONE, ROOTS]),
        ("autogroup:members", [LAPTOP, PHONE, ROOTS]),
        ("autogroup:admin", [PHONE]),
        ("autogroup:owner", []),
        ("autogroup:shared", []),
        ("autogroup:tagged", [PROD, CI]),
    ],
)
def test_sources(selector: str, sources: list[Node]) -> None:
    found = [
        source
        for source in (LAPTOP, PHONE, ROOTS, PROD, CI)
        if allowed({"src": [selector]}, source, PROD, "root")
    ]
    assert found == sources


@pytest.mark.parametrize(
    ("selector", "source", "destinations"),
    [
        ("tag:prod", LAPTOP, [PROD]),
        ("autogroup:tagged", LAPTOP, [PROD, CI]),
        ("autogroup:self", LAPTOP, [LAPTOP, DESKTOP]),
        ("autogroup:self", PHONE, [PHONE]),
        # The node of a user who tagged it is the user's no more.
        ("autogroup:self", CI, []),
        ("alice@example.com", LAPTOP, [LAPTOP, DESKTOP]),
    ],
)
def test_destinations(selector: str, source: Node, destinations: list[Node]) -> None:
    src = "alice@example.com" if "@" in selector else "autogroup:member"
    found = [
        one
        for one in (LAPTOP, DESKTOP, PHONE, PROD, CI)
        if allowed({"src": [src], "dst": [selector]}, source, one, "root")
    ]
    assert found == destinations


@pytest.mark.parametrize(
    ("users", "source", "accounts"),
    [
        (["root"], LAPTOP, ["root"]),
        (["ubuntu"], LAPTOP, ["ubuntu"]),
        (["autogroup:nonroot"], LAPTOP, ["alice", "ubuntu", "Root"]),
        (["autogroup:nonroot", "root"], LAPTOP, ["root", "alice", "ubuntu", "Root"]),
        (["localpart:*@example.com"], LAPTOP, ["alice"]),
        (["localpart:*@example.com"], PHONE, []),
        (["localpart:*@example.com"], CI, []),
        (["localpart:*@example.com"], ROOTS, ["root"]),
        # Only with a star it stands for anybody.
        (["localpart:alice@example.com"], LAPTOP, []),
    ],
)
def test_users(users: list[str], source: Node, accounts: list[str]) -> None:
    rule = {"src": ["autogroup:member", "autogroup:tagged"], "users": users}
    found = [
        name
        for name in ("root", "alice", "ubuntu", "Root", "")
        if allowed(rule, source, PROD, name)
    ]
    assert found == accounts


def test_the_local_part_is_taken_as_it_is() -> None:
    assert local_part_of("dave+ssh@example.com") == "dave+ssh"
    assert local_part_of("") == ""


def test_the_first_rule_that_matches_wins() -> None:
    read = policy(
        {"src": ["bob@example.org"]},
        {"users": ["alice"]},
        {"recorder": ["tag:recorder"]},
        {"action": "check"},
    )
    decision = decide(read, NODES, LAPTOP, PROD, "root")
    assert decision.rule is read.ssh[2]
    assert decision.action.recorders


def test_no_rule_no_session() -> None:
    decision = decide(policy(), NODES, LAPTOP, PROD, "root")
    refused = SSHAction(reject=True, message=DENIED_MESSAGE)
    assert decision == Decision(rule=None, action=refused, final=refused, local_user="")


def test_without_recorder_nothing_is_recorded_whatever_is_enforced() -> None:
    for rule in ({}, {"enforceRecorder": True}, {"recorder": [], "enforceRecorder": True}):
        decision = decide(policy(rule), NODES, LAPTOP, PROD, "root", notify_url="https://x/n")
        assert decision.action == decision.final == SSHAction(accept=True)
        assert not decision.action.recording_required
        assert decision.local_user == "root"


@pytest.mark.parametrize(
    ("enforce", "reject", "terminate"),
    [
        ({"enforceRecorder": True}, REJECT_MESSAGE, TERMINATE_MESSAGE),
        ({"enforceRecorder": False}, "", ""),
        ({}, "", ""),
    ],
)
def test_enforcing_sets_both_messages_or_none_and_the_notice_always(
    enforce: dict[str, bool], reject: str, terminate: str
) -> None:
    rule = {"recorder": ["tag:recorder"], **enforce}
    decision = decide(policy(rule), NODES, LAPTOP, PROD, "root", notify_url="https://x/n")
    assert decision.action == SSHAction(
        accept=True,
        recorders=("100.64.0.32:8080", "100.64.0.31:80"),
        on_recording_failure=OnRecordingFailure(
            reject_session_with_message=reject,
            terminate_session_with_message=terminate,
            notify_url="https://x/n",
        ),
    )


def test_recorders_are_ordered_by_tag_then_node_each_once() -> None:
    (rule,) = policy({"recorder": ["tag:spare", "tag:recorder"]}).ssh
    assert recorders(rule, NODES) == (
        "100.64.0.32:8080",
        "100.64.0.33:80",
        "[fd7a::33]:80",
        "100.64.0.31:80",
    )


def test_a_tag_that_no_node_carries_is_required_recording_without_recorders() -> None:
    rule = {"recorder": ["tag:nowhere"], "enforceRecorder": True}
    action = decide(policy(rule), NODES, LAPTOP, PROD, "root").action
    assert action.recorders == ()
    assert action.recording_required
    assert b'"recorders":[]' in msgspec.json.encode(action)


def test_a_check_holds_first_and_records_in_the_second_action() -> None:
    rule = {"action": "check", "recorder": ["tag:recorder"], "enforceRecorder": True}
    decision = decide(policy(rule), NODES, LAPTOP, PROD, "root", hold_url="https://unused/wait")
    assert decision.action == SSHAction(hold_and_delegate="https://unused/wait")
    assert decision.final.accept
    assert decision.final.recorders == ("100.64.0.32:8080", "100.64.0.31:80")
    assert decision.action.followed_by(decision.final) == decision.final


SELECTORS = st.sampled_from(["alice@example.com", "group:ops", "tag:ci", "autogroup:tagged"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "src": st.lists(SELECTORS, max_size=3),
                "dst": st.lists(st.sampled_from(["tag:prod", "tag:ci"]), max_size=2),
                "users": st.lists(
                    st.sampled_from(["root", "alice", "autogroup:nonroot"]), min_size=1, max_size=2
                ),
            }
        ),
        max_size=5,
    ),
    st.sampled_from([LAPTOP, PHONE, CI]),
    st.sampled_from([PROD, CI, DESKTOP]),
    st.sampled_from(["root", "alice"]),
)
def test_what_decides_is_the_first_rule_that_would_alone(
    rules: list[dict[str, Any]], source: Node, destination: Node, user: str
) -> None:
    alone = [
        decide(policy(rule), NODES, source, destination, user).rule is not None for rule in rules
    ]
    rule = decide(policy(*rules), NODES, source, destination, user).rule
    assert (rule.index if rule else None) == (alone.index(True) if True in alone else None)
