"""Questions like alice@laptop→root@prod-1, with a node list and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.nodes import read_nodes
from conformance.policy import read_policy
from conformance.policy_explain import (
    Question,
    QuestionError,
    answer,
    possibilities,
    read_question,
)
from conformance.policy_types import Policy

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"
NODES = read_nodes((POLICIES / "nodes.json").read_bytes())
TAILNET = read_policy((POLICIES / "good" / "tailnet.hujson").read_bytes())


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("alice@laptop→root@prod-1", Question("alice", "laptop", "root", "prod-1")),
        (
            "alice@example.com@laptop -> root@prod-1",
            Question("alice@example.com", "laptop", "root", "prod-1"),
        ),
        ("ci-1->deploy@prod-1", Question("", "ci-1", "deploy", "prod-1")),
        ("tag:ci→deploy@tag:prod", Question("", "tag:ci", "deploy", "tag:prod")),
    ],
)
def test_questions(text: str, question: Question) -> None:
    assert read_question(text) == question


@pytest.mark.parametrize("text", ["", "alice@laptop", "a@b→", "a@b→prod", "→root@prod", "a@→r@p"])
def test_what_is_no_question(text: str) -> None:
    with pytest.raises(QuestionError, match="is not like"):
        read_question(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("alice@laptop→root@prod-1", 1),
        ("alice@example.com@laptop→root@prod-1", 1),
        ("laptop→ubuntu@prod-1", 2),
        ("carol@visitor→ubuntu@prod-1", 2),
        ("carol@visitor→root@prod-1", None),
        ("ci-1→deploy@prod-1", 3),
        ("tag:ci→deploy@tag:prod", 3),
        ("alice@laptop→alice@desktop", 4),
        ("alice@laptop→alice@phone", None),
    ],
)
def test_answers(text: str, number: int | None) -> None:
    rule = answer(TAILNET, NODES, read_question(text)).rule
    assert (rule.number if rule else None) == number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bob@laptop→root@prod-1", "laptop belongs to alice@example.com, not to bob"),
        ("alice@ci-1→root@prod-1", "ci-1 is tagged: it connects as itself, not as a user"),
        ("alice@laptop→root@prod-2", "no node 'prod-2' in the node list: did you mean prod-1?"),
        ("alice@zzzzzzzzz→root@prod-1", "no node 'zzzzzzzzz' in the node list"),
    ],
)
def test_questions_about_what_is_not_there(text: str, message: str) -> None:
    with pytest.raises(QuestionError) as caught:
        answer(TAILNET, NODES, read_question(text))
    assert str(caught.value) == message


def conditions(policy: Policy, text: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(one.rule.number, one.conditions) for one in possibilities(policy, read_question(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "alice@laptop→root@prod-1",
            [
                (1, ("prod-1 carries tag:prod",)),
                (4, ("prod-1 belongs to alice@example.com",)),
            ],
        ),
        ("alice@laptop→root@tag:prod", [(1, ())]),
        ("carol@visitor→root@tag:prod", []),
        ("dave@laptop→dave@prod-1", []),
        ("ci-1→deploy@tag:prod", [(3, ("ci-1 carries tag:ci",))]),
        ("tag:ci→deploy@tag:prod", [(3, ())]),
        ("tag:other→deploy@tag:prod", []),
        (
            "ci-1→deploy@prod-1",
            [(3, ("ci-1 carries tag:ci", "prod-1 carries tag:prod"))],
        ),
    ],
)
def test_possibilities(text: str, expected: list[Any]) -> None:
    assert conditions(TAILNET, text) == expected


def policy(**keys: Any) -> Policy:
    fine = {"action": "accept", "src": ["autogroup:member"], "dst": ["tag:prod"], "users": ["root"]}
    return read_policy(json.dumps({"ssh": [fine | keys]}))


@pytest.mark.parametrize(
    ("keys", "text", "expected"),
    [
        ({}, "eve@laptop→root@prod", [(1, ("prod carries tag:prod",))]),
        ({}, "host→root@prod", []),
        (
            {"src": ["autogroup:admin", "autogroup:owner"]},
            "eve@laptop→root@tag:prod",
            [(1, ("eve is in autogroup:admin or autogroup:owner",))],
        ),
        ({"src": ["autogroup:tagged"]}, "eve@laptop→root@tag:prod", []),
        ({"src": ["autogroup:tagged"]}, "host→root@tag:prod", [(1, ("host is tagged",))]),
        (
            {"src": ["tag:a", "tag:b"]},
            "host→root@tag:prod",
            [(1, ("host carries tag:a or tag:b",))],
        ),
        ({"src": ["tag:a"]}, "eve@laptop→root@tag:prod", []),
        ({"dst": ["autogroup:tagged"]}, "eve@laptop→root@tag:prod", [(1, ())]),
        (
            {"dst": ["autogroup:tagged", "tag:prod"]},
            "eve@laptop→root@prod",
            [(1, ("prod is tagged or prod carries tag:prod",))],
        ),
        (
            {"src": ["eve@example.com"], "dst": ["eve@example.com"]},
            "eve@laptop→root@desktop",
            [(1, ("desktop belongs to eve@example.com",))],
        ),
    ],
)
def test_more_possibilities(keys: dict[str, Any], text: str, expected: list[Any]) -> None:
    assert conditions(policy(**keys), text) == expected


def test_a_name_that_two_logins_have_must_be_written_out() -> None:
    two = policy(src=["eve@example.com", "eve@partner.example"])
    with pytest.raises(QuestionError, match=r"eve can be eve@example\.com or eve@partner\.example"):
        possibilities(two, read_question("eve@laptop→root@prod"))
    assert conditions(two, "eve@partner.example@laptop→root@tag:prod") == [(1, ())]
