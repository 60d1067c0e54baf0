"""Whose a posted event is: joined by the addresses that the proxy reports, or by being alone."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.history import (
    Addressed,
    Answered,
    ApiAnswered,
    ApiAsked,
    BodyEnded,
    Dialled,
    Disconnected,
    Event,
    EventDial,
    EventDue,
    EventOver,
    EventTried,
    Handed,
    Kind,
    RelayPaused,
    Requested,
)
from conformance.joining import join
from conformance.posting import Posting, postings
from conformance.scenario import Api, ApiRequest, RecorderNode, Scenario
from conformance.wire import V2_EVENT, V2_RECORD

PROXY, LAPTOP, REC1 = "127.1.0.9", "127.1.0.8", "127.1.0.1:80"
PLANNED = ("one", "two")


def joined(*told: tuple[str, Kind], planned: tuple[str, ...] = PLANNED) -> dict[str, Posting]:
    """Join what observers tell of requests to the Kubernetes API, in this order."""
    world = (Addressed(node="api-proxy", address=PROXY), Addressed(node="rec1", address=REC1))
    all_told = (*(("world", node) for node in world), *told)
    counts: dict[str, int] = {}
    history = []
    for at, (observer, what) in enumerate(all_told):
        number = counts[observer] = counts.get(observer, -1) + 1
        history.append(Event(observer, number, at, what))
    requests = tuple(ApiRequest(name=name, path="/api/v1/pods") for name in planned)
    scenario = Scenario(
        title="t",
        recorders=(RecorderNode(name="rec1"),),
        api=Api(recorders=("rec1",), requests=requests),
    )
    return {posting.name: posting for posting in postings(join(scenario, tuple(history)))}


def asked(name: str, port: int) -> tuple[tuple[str, Kind], ...]:
    """A user asks, and the proxy takes it for an event."""
    peer = f"{LAPTOP}:{port}"
    asks = ApiAsked(
        request=name, peer=peer, method="GET", path="/api/v1/pods", body=b"", user_agent="k"
    )
    due = EventDue(event=f"e{port}", peer=peer, recorders=(REC1,))
    return (("user", asks), ("api-proxy", due))


def dial(port: int) -> tuple[str, Kind]:
    """The proxy reports that it dialled for the event of the user's port."""
    return "api-proxy", EventDial(event=f"e{port}", recorder=REC1, local=f"{PROXY}:{port}")


def where(port: int, stream: int | None = 1) -> dict[str, Any]:
    streamed = {} if stream is None else {"stream": stream}
    return {"recorder": "rec1", "connection": f"rec1#{port}", **streamed}


def passed(port: int, body: bytes, *statuses: int, ended: bool = True) -> list[tuple[str, Kind]]:
    """An event is posted from a port of the proxy's."""
    dialled = Dialled(peer=f"{PROXY}:{port}", **where(port, None))
    head = Requested(method="POST", path=V2_EVENT, http="1.1", **where(port))
    told: list[tuple[str, Kind]] = [("network", dialled), ("network", head)]
    told.append(("user", Handed(data=body, **where(port))))
    if ended:
        told.append(("network", BodyEnded(**where(port))))
    told += [("network", Answered(status=status, **where(port))) for status in statuses]
    told.append(("network", Disconnected(by="client", how="fin", **where(port, None))))
    return told


def bodies(posting: Posting) -> list[bytes]:
    return [asking.body for asking in posting.askings]


def test_the_proxys_addresses_tell_events_apart() -> None:
    found = joined(
        *asked("one", 1),
        *asked("two", 2),
        dial(2),
        dial(1),
        *passed(2, b"b", 200),
        *passed(1, b"a"),
    )
    assert bodies(found["one"]) == [b"a"]
    assert bodies(found["two"]) == [b"b"]
    assert [posting.dialled for posting in found.values()] == [["rec1"], ["rec1"]]


def test_what_no_report_accounts_for_is_nobodys_where_there_are_two() -> None:
    found = joined(*asked("one", 1), *asked("two", 2), dial(2), *passed(2, b"b"), *passed(1, b"a"))
    assert bodies(found["one"]) == []
    assert found["one"].dialled == []
    assert bodies(found["two"]) == [b"b"]


def test_what_no_report_accounts_for_belongs_to_the_only_request() -> None:
    found = joined(*asked("one", 1), *passed(1, b"a"), planned=("one",))
    assert bodies(found["one"]) == [b"a"]


def test_a_request_that_nobody_planned_is_found_too() -> None:
    found = joined(*asked("three", 3), ("user", ApiAnswered(request="three", status=503)))
    assert set(found) == {"one", "two", "three"}
    assert found["three"].answered == ApiAnswered(request="three", status=503)
    assert found["three"].plan is None


def test_an_answer_to_what_nobody_asked_is_left_out() -> None:
    assert set(joined(("user", ApiAnswered(request="three", status=200)))) == set(PLANNED)


def test_the_proxys_own_words_go_to_the_event_that_they_are_of() -> None:
    tried = EventTried(event="e1", recorder=REC1, outcome="stored")
    over = EventOver(event="e1", stored_by=REC1)
    stray = EventOver(event="e9", stored_by=REC1)
    reports = [("api-proxy", what) for what in (tried, over, stray)]
    found = joined(*asked("one", 1), *asked("two", 2), *reports)
    assert found["one"].outcome(REC1) == "stored"
    assert found["one"].outcome("127.1.0.2:80") == ""
    assert found["one"].over == over
    assert (found["two"].tried, found["two"].over) == ([], None)


@pytest.mark.parametrize(
    ("statuses", "status"), [((), None), ((100,), None), ((100, 200), 200), ((404, 200), 404)]
)
def test_the_first_final_answer_counts(statuses: tuple[int, ...], status: int | None) -> None:
    (asking,) = joined(*asked("one", 1), *passed(1, b"a", *statuses), planned=("one",))[
        "one"
    ].askings
    assert asking.status == status
    assert (asking.answered_at is None) is (status is None)
    assert (asking.recorder, asking.gone_by) == ("rec1", "client")


@pytest.mark.parametrize("ended", [True, False])
def test_a_body_is_whole_when_its_end_has_passed(ended: bool) -> None:
    found = joined(*asked("one", 1), *passed(1, b"a", ended=ended), planned=("one",))
    assert [asking.whole for asking in found["one"].askings] == [ended]


def test_what_belongs_to_no_request_is_left_out() -> None:
    """The history begins in the middle: of what passed before, the head is missing."""
    strays: list[tuple[str, Kind]] = [
        ("network", Answered(status=200, **where(1, 7))),
        ("network", BodyEnded(**where(1, 7))),
        ("user", Handed(data=b"x", **where(1, 7))),
        ("user", RelayPaused(connection="rec1#1")),
    ]
    found = joined(*asked("one", 1), *passed(1, b"a", 500), *strays, planned=("one",))
    (asking,) = found["one"].askings
    assert (asking.body, asking.status) == (b"a", 500)


def test_a_proxy_without_an_address_of_its_own_is_told_by_what_it_asks_for() -> None:
    shared = ("world", Addressed(node="laptop", address=PROXY))
    recording = Requested(method="POST", path=V2_RECORD, http="2", **where(5, 3))
    sends = Dialled(peer=f"{PROXY}:5", **where(5, None))
    found = joined(
        shared,
        *asked("one", 1),
        dial(1),
        *passed(1, b"a"),
        ("network", sends),
        ("network", recording),
        planned=("one",),
    )
    assert bodies(found["one"]) == [b"a"]
    assert found["one"].dialled == ["rec1"]
