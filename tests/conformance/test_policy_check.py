"""Warnings: each named mistake, and nothing said where nothing is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.nodes import Node, read_nodes
from conformance.policy import read_policy
from conformance.policy_check import MAX_UNKNOWN, warnings
from conformance.policy_match import decide

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"
NODES = read_nodes((POLICIES / "nodes.json").read_bytes())


@pytest.mark.parametrize("path", sorted(POLICIES.glob("good/*")), ids=lambda path: path.stem)
def test_good_policies_give_none(path: Path) -> None:
    assert warnings(read_policy(path.read_bytes()), NODES) == ()


@pytest.mark.parametrize("path", sorted(POLICIES.glob("odd/*")), ids=lambda path: path.stem)
def test_odd_policies_give_the_one_they_are_named_after(path: Path) -> None:
    found = warnings(read_policy(path.read_bytes()), NODES)
    assert [warning.kind for warning in found] == [path.stem]
    lines = path.read_text().splitlines()
    at = lines[found[0].line - 1][found[0].column - 1 :]
    assert at.startswith(('"', "{"))


OWNED = {"tag:prod": ["alice@example.com"], "tag:recorder": ["alice@example.com"]}


def kinds(
    *rules: dict[str, Any],
    nodes: tuple[Node, ...] | None = None,
    more: dict[str, Any] | None = None,
) -> list[str]:
    fine = {"action": "accept", "src": ["autogroup:member"], "dst": ["tag:prod"], "users": ["root"]}
    sections = {
        "tagOwners": OWNED,
        "groups": {"group:ops": ["a@example.com", "b@example.com"], "group:none": []},
    }
    text = json.dumps(sections | (more or {}) | {"ssh": [fine | rule for rule in rules]})
    return [warning.kind for warning in warnings(read_policy(text), nodes)]


RECORDED = {"recorder": ["tag:recorder"], "enforceRecorder": True}


@pytest.mark.parametrize(
    ("owners", "owned"),
    [
        ({"tag:recorder": ["group:ops"]}, True),
        ({"tag:recorder": ["group:synced@example.com"]}, True),
        ({"tag:recorder": ["autogroup:admin", "alice@example.com"]}, True),
        ({"tag:recorder": ["tag:a"], "tag:a": ["tag:b"], "tag:b": ["alice@example.com"]}, True),
        ({"tag:recorder": []}, False),
        ({"tag:recorder": ["group:none"]}, False),
        ({"tag:recorder": ["group:unknown"]}, False),
        ({"tag:recorder": ["tag:recorder"]}, False),
        ({"tag:recorder": ["tag:a"], "tag:a": ["tag:recorder"]}, False),
        ({}, False),
    ],
)
def test_owned_means_that_somebody_can_give_the_tag(
    owners: dict[str, list[str]], owned: bool
) -> None:
    found = kinds(RECORDED, more={"tagOwners": {"tag:prod": ["alice@example.com"], **owners}})
    assert found == ([] if owned else ["recorder-unowned"])


def test_a_long_chain_of_owners_is_followed() -> None:
    chain = {f"tag:t{n}": [f"tag:t{n + 1}"] for n in range(5000)}
    rule = {"recorder": ["tag:t0"], "enforceRecorder": True}
    owned = {"tag:t5000": ["alice@example.com"]}
    assert kinds(rule, more={"tagOwners": OWNED | chain | owned}) == []
    assert kinds(rule, more={"tagOwners": OWNED | chain}) == ["recorder-unowned"]


def test_without_a_node_list_nobody_knows_who_carries_a_tag() -> None:
    assert kinds(RECORDED) == []
    assert kinds(RECORDED, nodes=()) == ["recorder-missing"]
    assert kinds(RECORDED, nodes=NODES) == []


def test_what_a_missing_recorder_does_depends_on_enforcement() -> None:
    for enforce, end in ((True, "refused"), (False, "not recorded")):
        text = json.dumps(
            {
                "tagOwners": OWNED,
                "ssh": [
                    {
                        "action": "accept",
                        "src": ["autogroup:member"],
                        "dst": ["tag:prod"],
                        "users": ["root"],
                        "recorder": ["tag:recorder"],
                        "enforceRecorder": enforce,
                    }
                ],
            }
        )
        (warning,) = warnings(read_policy(text), ())
        assert warning.message.endswith(end)


def test_failing_open_on_purpose_is_no_mistake() -> None:
    assert kinds({"recorder": ["tag:recorder"], "enforceRecorder": False}) == []


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        ({}, {}, True),
        ({}, {"src": ["a@example.com"]}, True),
        ({}, {"src": ["user:*@example.com"]}, True),
        ({}, {"src": ["group:ops"]}, True),
        ({}, {"src": ["group:none"]}, True),
        ({}, {"src": ["group:synced@example.com"]}, True),
        ({}, {"src": ["autogroup:admin"]}, True),
        ({}, {"src": ["autogroup:members"]}, True),
        ({}, {"src": ["autogroup:shared"]}, False),
        ({}, {"src": ["autogroup:tagged"]}, False),
        ({}, {"src": ["tag:prod"]}, False),
        ({"src": ["user:*@example.com"]}, {"src": ["group:ops"]}, True),
        ({"src": ["group:ops"]}, {"src": ["a@example.com"]}, True),
        ({"src": ["group:ops"]}, {"src": ["c@example.com"]}, False),
        ({"src": ["a@example.com"]}, {"src": ["group:ops"]}, False),
        ({"src": ["a@example.com", "b@example.com"]}, {"src": ["group:ops"]}, True),
        ({"src": ["autogroup:admin"]}, {}, False),
        ({"src": ["autogroup:tagged"]}, {"src": ["tag:prod"]}, True),
        ({"dst": ["autogroup:tagged"]}, {}, True),
        ({}, {"dst": ["autogroup:tagged"]}, False),
        ({"dst": ["autogroup:self"]}, {"dst": ["autogroup:self"]}, True),
        (
            {"dst": ["autogroup:self"]},
            {"src": ["a@example.com"], "dst": ["a@example.com"]},
            True,
        ),
        ({"users": ["autogroup:nonroot"]}, {"users": ["deploy"]}, True),
        ({"users": ["autogroup:nonroot"]}, {"users": ["root"]}, False),
        ({"users": ["autogroup:nonroot"]}, {"users": ["root", "deploy"]}, False),
        ({"users": ["root"]}, {"users": ["autogroup:nonroot"]}, False),
    ],
)
def test_a_rule_is_shadowed_by_one_that_covers_it(
    first: dict[str, Any], second: dict[str, Any], shadowed: bool
) -> None:
    assert kinds(first, second) == (["shadowed"] if shadowed else [])


def test_two_rules_can_shadow_a_third_together() -> None:
    rules = ({"users": ["root"]}, {"users": ["autogroup:nonroot"]}, {"users": ["root", "ada"]})
    assert kinds(*rules) == ["shadowed"]
    text = json.dumps({"tagOwners": OWNED, "ssh": []})
    assert warnings(read_policy(text)) == ()


def test_a_check_that_tailscale_would_try_first_is_said_to_be_one() -> None:
    text = """{"tagOwners": {"tag:prod": ["a@b.c"]}, "ssh": [
{"action": "accept", "src": ["autogroup:member"], "dst": ["tag:prod"], "users": ["root"]},
{"action": "check", "src": ["autogroup:member"], "dst": ["tag:prod"], "users": ["root"]},
]}"""
    (warning,) = warnings(read_policy(text))
    assert (warning.line, warning.column, warning.kind) == (3, 1, "shadowed")
    assert "rule 1 on line 2" in warning.message
    assert "check rules first" in warning.message
    (warning,) = warnings(read_policy(text.replace('"accept"', '"check"')))
    assert "check rules first" not in warning.message


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({}, RECORDED, ["recording-bypassed"]),
        (RECORDED | {"enforceRecorder": False}, RECORDED, ["recording-bypassed"]),
        (RECORDED, RECORDED | {"enforceRecorder": False}, []),
        (RECORDED, RECORDED, []),
        (RECORDED, {}, []),
        ({"action": "check"}, {}, []),
        ({}, RECORDED | {"action": "check"}, ["check-after-accept", "recording-bypassed"]),
    ],
)
def test_a_weaker_rule_in_the_way_of_a_part(
    first: dict[str, Any], second: dict[str, Any], found: list[str]
) -> None:
    assert kinds(first, second | {"users": ["root", "ada"]}) == found


def test_a_policy_too_large_to_compare_says_so() -> None:
    many = [f"u{n}@example.com" for n in range(1000)]
    found = kinds({"src": many, "users": [f"a{n}" for n in range(1000)]}, {}, {})
    assert found == ["too-large"]


def test_unknown_sections_are_warned_of_up_to_a_number() -> None:
    found = kinds(more={f"zzz{n}": n for n in range(MAX_UNKNOWN + 5)})
    assert found == ["unknown-section"] * MAX_UNKNOWN
    (warning,) = warnings(read_policy('{"\\u001b[2J": 1}'))
    assert warning.message == 'section "\\u001b[2J" is ignored'
    (warning,) = warnings(read_policy('{"tagowner": 1}'))
    assert warning.message == 'section "tagowner" is ignored: did you mean "tagOwners"?'


def test_rules_without_source_match_nothing() -> None:
    assert kinds({"src": []}) == ["matches-nothing"]
    assert kinds({"src": [], "dst": []}) == ["matches-nothing", "matches-nothing"]


def test_warnings_come_in_the_order_of_the_file() -> None:
    text = json.dumps(
        {
            "odd": 1,
            "ssh": [
                {"action": "check", "src": ["tag:x"], "dst": ["tag:y"], "users": ["tag:z"]},
                {
                    "action": "accept",
                    "src": [],
                    "dst": ["tag:y"],
                    "users": ["a"],
                    "recorder": ["tag:r"],
                },
            ],
        },
        indent=1,
    )
    found = warnings(read_policy(text), ())
    places = [(warning.line, warning.column) for warning in found]
    assert places == sorted(places)
    assert [warning.kind for warning in found] == [
        "unknown-section",
        "check-from-tag",
        "unknown-tag",
        "unknown-tag",
        "odd-user",
        "matches-nothing",
        "unknown-tag",
        "fail-open",
        "recorder-missing",
        "recorder-unowned",
    ]


SOURCES = ["alice@example.com", "group:ops", "autogroup:member", "tag:ci", "autogroup:tagged"]
RULES = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["accept", "check"]),
        "src": st.lists(st.sampled_from([*SOURCES, "user:*@example.com"]), max_size=2),
        "dst": st.lists(st.sampled_from(["tag:prod", "tag:ci", "autogroup:tagged"]), max_size=2),
        "users": st.lists(
            st.sampled_from(["root", "ada", "autogroup:nonroot"]), min_size=1, max_size=2
        ),
    }
)


@given(st.lists(RULES, max_size=5))
def test_a_shadowed_rule_never_wins(rules: list[dict[str, Any]]) -> None:
    groups = {"group:ops": ["alice@example.com", "bob@example.com"]}
    policy = read_policy(json.dumps({"groups": groups, "ssh": rules}))
    shadowed = {
        (warning.line, warning.column) for warning in warnings(policy) if warning.kind == "shadowed"
    }
    winners = {
        decision.rule and (decision.rule.line, decision.rule.column)
        for source in NODES
        for destination in NODES
        for user in ("root", "ada", "eve")
        for decision in [decide(policy, NODES, source, destination, user)]
    }
    assert not shadowed & winners
