"""What is posted as an event: its form, and that it says what was asked by whom."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import ApiAsked
from conformance.judgement import Status
from tests.conformance.histories import drop, status_of
from tests.conformance.test_checkers_events import BEGAN, GOOD, Posted, broken, failing_first

F, P = Status.FAIL, Status.PASS


def changed(*keys: str, to: object) -> dict[str, Any]:
    """The good event with one value replaced; None: left out."""
    event = msgspec.json.decode(msgspec.json.encode(GOOD))
    place = event
    for key in keys[:-1]:
        place = place[key]
    if to is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = to
    return event


def sourced(**whose: object) -> dict[str, Any]:
    """The good event from a node of which something else is said than whose it is."""
    source = {"node": "laptop.example.ts.net", "nodeID": "nLAPTOP", **whose}
    return GOOD | {"source": source}


@pytest.mark.parametrize(
    ("clause", "how"),
    [
        ("event-6", {"content_type": "text/plain"}),
        ("event-6", {"content_type": ""}),
        ("event-6", {"event": [GOOD]}),
        ("event-6", {"event": b"{} {}"}),
        ("event-7", {"event": changed("id", to=None)}),
        ("event-7", {"event": changed("destination", to=None)}),
        ("event-7", {"event": changed("timestamp", to=None)}),
        ("event-7", {"event": changed("request", to=None)}),
        ("event-7", {"event": changed("source", to=None)}),
        ("event-8", {"event": changed("timestamp", to="2023-11-14T22:13:21Z")}),
        ("event-8", {"event": changed("timestamp", to=BEGAN + 0.5)}),
        ("event-8", {"event": changed("timestamp", to=BEGAN * 1000)}),
        ("event-8", {"event": changed("timestamp", to=True)}),
        ("event-9", {"event": changed("request", to="POST /api")}),
        ("event-9", {"event": changed("request", "method", to=7)}),
        ("event-9", {"event": changed("request", "path", to=None)}),
        ("event-9", {"event": changed("request", "queryParameters", to=[])}),
        ("event-9", {"event": changed("request", "queryParameters", to={"dry": [1]})}),
        ("event-9", {"event": changed("request", "body", to="{}")}),
        ("event-9", {"event": changed("request", "body", to="")}),
        ("event-9", {"event": changed("request", "method", to="GET")}),
        ("event-9", {"event": changed("request", "path", to="/api/v1/pods")}),
        ("event-9", {"event": changed("request", "queryParameters", to={"dry": "b"})}),
        ("event-9", {"event": changed("request", "queryParameters", to={"dry": ["b"]})}),
        ("event-10", {"event": changed("source", "node", to="laptop.example.ts.net.")}),
        ("event-10", {"event": changed("source", "nodeID", to="nOTHER")}),
        ("event-10", {"event": changed("source", "nodeUser", to=None)}),
        ("event-10", {"event": changed("source", "nodeTags", to=["tag:ci"])}),
        ("event-10", {"event": changed("source", to="laptop")}),
        ("event-10", {"event": changed("source", "node", to="")}),
        ("event-10", {"event": changed("source", "nodeID", to=None)}),
        ("event-10", {"event": changed("source", "nodeUserID", to=0)}),
        ("event-10", {"event": changed("source", "nodeUserID", to="7")}),
        ("event-10", {"event": changed("source", "nodeUserID", to=True)}),
        ("event-10", {"event": sourced(nodeTags="tag:ci")}),
        ("event-10", {"event": sourced(nodeTags=[7])}),
        ("event-10", {"event": sourced()}),
    ],
)
def test_what_is_posted_is_read(clause: str, how: dict[str, Any]) -> None:
    assert broken(Posted().stored(**how).judged()) == {clause}


def test_a_tagged_node_has_no_user() -> None:
    judgement = Posted().stored(event=sourced(nodeTags=["tag:ci"])).judged()
    assert judgement.status is P, judgement.findings


def test_an_event_of_a_request_that_nobody_saw_is_read_but_not_compared() -> None:
    seen = Posted().stored(event=changed("request", "path", to="/other"))
    assert broken(seen.judged()) == {"event-9"}
    unseen = Posted().stored(event=changed("request", "path", to="/other"))
    judgement = judge(unseen.scenario, drop(ApiAsked)(unseen.told()))
    assert status_of("event-9", judgement) is P
    assert status_of("event-13", judgement) is None
    bad = Posted().stored(event=changed("request", "path", to=7))
    assert status_of("event-9", judge(bad.scenario, drop(ApiAsked)(bad.told()))) is F


def test_an_event_that_was_cut_off_shows_nothing_of_its_form() -> None:
    judgement = failing_first("failed", head=500).judged()
    assert "event-6" in judgement.clauses
    s = Posted(stored_by="")
    s.ask("rec1", "HEAD", 200)
    s.ask("rec1", "POST", None, cut=True, event=b"{")
    s.tried("rec1", "failed")
    s.ask("rec2", "HEAD", 404)
    s.tried("rec2", "unsupported")
    judgement = s.over().judged()
    assert judgement.status is P
    assert not {"event-6", "event-7", "event-8", "event-9", "event-10"} & set(judgement.clauses)


@pytest.mark.parametrize("key", ["node", "nodeID"])
def test_a_source_says_something_also_where_it_cannot_be_compared(key: str) -> None:
    s = Posted().stored(event=changed("source", key, to=""))
    assert status_of("event-10", judge(s.scenario, drop(ApiAsked)(s.told()))) is F
