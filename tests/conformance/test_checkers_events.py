from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import (
    Addressed,
    Answered,
    ApiAnswered,
    ApiAsked,
    BodyEnded,
    BodyStarted,
    Dialled,
    Disconnected,
    End,
    Event,
    EventDial,
    EventDue,
    EventOver,
    EventStored,
    EventTried,
    Handed,
    History,
    Kind,
    Log,
    Played,
    Requested,
)
from conformance.judgement import Judgement, Status
from conformance.scenario import Api, ApiRequest, RecorderNode, Scenario, Script
from conformance.wire import V2_EVENT
from tests.conformance.histories import status_of

F, P, W, E, K = Status.FAIL, Status.PASS, Status.WARN, Status.ERROR, Status.SKIP
SECOND = 1_000_000_000
BEGAN = 1_700_000_000
ASKED_PATH = "/api/v1/pods?dry=a&dry=b"
RECORDERS = {"rec1": "127.1.0.1:80", "rec2": "127.1.0.2:80"}
PROXY, LAPTOP = "127.1.0.9", "127.1.0.8"

GOOD: dict[str, Any] = {
    "type": "kubernetes-api-request",
    "id": "",
    "timestamp": BEGAN + 1,
    "userAgent": "kubectl",
    "request": {
        "method": "POST",
        "path": ASKED_PATH,
        "body": base64.b64encode(b"{}").decode(),
        "queryParameters": {"dry": ["a", "b"]},
    },
    "kubernetes": {"Parts": None},
    "source": {
        "node": "laptop.example.ts.net",
        "nodeID": "nLAPTOP",
        "nodeUserID": 7,
        "nodeUser": "alice@example.com",
    },
    "destination": {"node": "", "nodeID": ""},
}


class Posted:
    """Writes down one request to the API, and what is made of it."""

    def __init__(self, *, stored_by: str = "rec1", speed: int = 1) -> None:
        self.events: list[Event] = []
        self.now = 0
        self.logs: dict[str, Log] = {}
        self.ports = 1000
        self.scenario = Scenario(
            id="t/events",
            title="t",
            recorders=tuple(RecorderNode(name=name) for name in RECORDERS),
            api=Api(
                recorders=tuple(RECORDERS),
                requests=(ApiRequest(name="one", path=ASKED_PATH, stored_by=stored_by),),
            ),
        )
        self.note("world", Played(scenario="t", world="live", seed=0, speed=speed, began=BEGAN))
        for name, address in RECORDERS.items():
            self.note("world", Addressed(node=name, address=address))
        self.note("world", Addressed(node="api-proxy", address=PROXY))
        laptop = Addressed(node="laptop.example.ts.net", address=LAPTOP, node_id="nLAPTOP")
        self.note("world", laptop)
        self.note(
            "user",
            ApiAsked(
                request="one",
                peer=f"{LAPTOP}:1",
                method="POST",
                path=ASKED_PATH,
                body=b"{}",
                user_agent="kubectl",
            ),
        )
        listed = tuple(RECORDERS.values())
        self.note("api-proxy", EventDue(event="e1", peer=f"{LAPTOP}:1", recorders=listed))

    def note(self, observer: str, what: Kind) -> None:
        log = self.logs.setdefault(observer, Log(observer, lambda: self.now, self.events.append))
        log.note(what)

    def ask(
        self,
        recorder: str,
        method: str,
        status: int | None,
        *,
        event: object = GOOD,
        content_type: str = "application/json",
        waits: float = 0.001,
        cut: bool = False,
        kept: bool = True,
    ) -> None:
        """One request on a connection of its own."""
        self.ports += 1
        name, local = f"{recorder}#{self.ports}", f"{PROXY}:{self.ports}"
        self.note("api-proxy", EventDial(event="e1", recorder=RECORDERS[recorder], local=local))
        at: dict[str, Any] = {"recorder": recorder, "connection": name}
        self.note("network", Dialled(peer=local, **at))
        kind = content_type if method == "POST" else ""
        head = Requested(
            stream=1, method=method, path=V2_EVENT, http="1.1", content_type=kind, **at
        )
        self.note("network", head)
        body = event if isinstance(event, bytes) else msgspec.json.encode(event)
        if method == "POST":
            self.note("network", BodyStarted(stream=1, **at))
            self.note("user", Handed(stream=1, data=body, **at))
        if not cut:
            self.note("network", BodyEnded(stream=1, **at))
        self.now += int(waits * SECOND)
        if status is not None:
            self.note("network", Answered(stream=1, status=status, **at))
        self.note("network", Disconnected(by="client", how="reset", **at))
        if method == "POST" and status == 200 and kept:
            path = "nLAPTOP/1.event.json"
            self.note("storage", EventStored(store=recorder, path=path, data=body))

    def tried(self, recorder: str, outcome: str) -> None:
        self.note(
            "api-proxy", EventTried(event="e1", recorder=RECORDERS[recorder], outcome=outcome)
        )

    def stored(self, recorder: str = "rec1", **how: Any) -> Posted:
        """A recorder takes it, and that is the end."""
        self.ask(recorder, "HEAD", 200)
        self.ask(recorder, "POST", 200, **how)
        self.tried(recorder, "stored")
        return self.over(recorder)

    def over(self, recorder: str = "") -> Posted:
        stored_by = RECORDERS.get(recorder, "")
        self.note("api-proxy", EventOver(event="e1", stored_by=stored_by))
        self.note("user", ApiAnswered(request="one", status=200 if recorder else 503))
        return self

    def told(self) -> History:
        """End all logs, and return what they say."""
        for name in ("user", "network", "faults", "storage", "world", "server", "control"):
            self.logs.setdefault(name, Log(name, lambda: self.now, self.events.append))
        for name in RECORDERS:
            observer = f"recorder/{name}"
            self.logs[observer] = Log(observer, lambda: self.now, self.events.append)
        for log in self.logs.values():
            log.note(End())
        return tuple(self.events)

    def judged(self) -> Judgement:
        return judge(self.scenario, self.told())


def failing_first(outcome: str, *, posts: int | None = None, head: int = 200) -> Posted:
    """The first recorder has it not, and the second stores it."""
    s = Posted(stored_by="rec2")
    s.ask("rec1", "HEAD", head)
    if posts is not None:
        s.ask("rec1", "POST", posts, kept=False)
    s.tried("rec1", outcome)
    return s.stored("rec2")


def silent_head(waits: float, *, speed: int = 1) -> Posted:
    s = Posted(stored_by="rec2", speed=speed)
    s.ask("rec1", "HEAD", None, waits=waits)
    s.tried("rec1", "failed")
    return s.stored("rec2")


SOUND: Mapping[str, Callable[[], Posted]] = {
    "stored by the first": lambda: Posted().stored(),
    "the first takes no events": lambda: failing_first("unsupported", head=404),
    "the first answers 500 to the HEAD": lambda: failing_first("failed", head=500),
    "the first refuses the event": lambda: failing_first("failed", posts=500),
    "the first is silent": lambda: silent_head(10.0),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_passes(name: str) -> None:
    judgement = SOUND[name]().judged()
    assert judgement.status is P, judgement.findings
    assert {"event-3", "event-6", "event-7", "event-8", "event-9", "event-10", "event-13"} <= set(
        judgement.clauses
    )


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("event-2", "the first answers 500 to the HEAD"),
        ("event-5", "the first refuses the event"),
        ("event-14", "the first is silent"),
    ],
)
def test_a_clause_is_checked_where_it_can_be_seen_alone(clause: str, name: str) -> None:
    assert [n for n, story in SOUND.items() if clause in story().judged().clauses] == [name]


def broken(judgement: Judgement) -> set[str]:
    return {f.clause for f in judgement.findings if f.status in (F, W, E)}


def test_another_answer_is_no_lack_of_support() -> None:
    assert broken(failing_first("unsupported", head=500).judged()) == {"event-2"}


def test_404_is_a_lack_of_support() -> None:
    assert broken(failing_first("failed", head=404).judged()) == {"event-13"}


def test_no_post_without_a_good_head() -> None:
    assert broken(failing_first("failed", posts=404, head=404).judged()) == {"event-3"}
    s = Posted()
    s.ask("rec1", "POST", 200)
    s.tried("rec1", "stored")
    assert broken(s.over("rec1").judged()) == {"event-3"}


def test_a_refused_event_is_not_stored() -> None:
    s = Posted(stored_by="")
    s.ask("rec1", "HEAD", 200)
    s.ask("rec1", "POST", 202, kept=False)
    s.tried("rec1", "stored")
    assert broken(s.over("rec1").judged()) == {"event-5", "event-13"}


def test_recorders_are_tried_in_order_and_all_of_them() -> None:
    s = Posted(stored_by="")
    s.ask("rec1", "HEAD", 404)
    s.tried("rec1", "unsupported")
    assert broken(s.over().judged()) == {"event-13"}
    s = Posted(stored_by="rec1")
    s.ask("rec2", "HEAD", 404)
    s.tried("rec2", "unsupported")
    assert broken(s.stored("rec1").judged()) == {"event-13"}


def test_one_that_has_it_is_the_last() -> None:
    s = Posted()
    s.ask("rec1", "HEAD", 200)
    s.ask("rec1", "POST", 200)
    s.tried("rec1", "stored")
    assert broken(s.stored("rec2").judged()) == {"event-13"}


def test_an_event_is_stored_where_it_should_be() -> None:
    assert broken(Posted(stored_by="rec2").stored("rec1").judged()) == {"event-13"}


def test_a_recorder_that_answers_200_keeps_what_was_posted() -> None:
    assert broken(Posted().stored(kept=False).judged()) == {"event-4"}


def test_what_nobody_planned_may_be_stored_by_any_of_the_listed() -> None:
    judgement = judge(None, Posted(stored_by="rec2").stored("rec1").told())
    assert status_of("event-13", judgement) is P
    assert status_of("event-4", judgement) is P
    judgement = judge(None, Posted(stored_by="rec2").stored("rec1", kept=False).told())
    assert status_of("event-4", judgement) is F


def test_a_recorder_that_answers_to_order_need_keep_nothing() -> None:
    s = Posted().stored(kept=False)
    first, *rest = s.scenario.recorders
    scripted = RecorderNode(name=first.name, script=Script(does="early-200"))
    scenario = msgspec.structs.replace(s.scenario, recorders=(scripted, *rest))
    assert status_of("event-4", judge(scenario, s.told())) is None


def test_a_head_is_awaited_for_10_s_at_most() -> None:
    assert status_of("event-14", silent_head(15.0).judged()) is W
    assert status_of("event-14", silent_head(1.5, speed=10).judged()) is K


def test_without_the_proxys_report_nothing_is_known_of_the_order() -> None:
    s = failing_first("failed", head=500)
    kinds = (EventDue, EventDial, EventTried, EventOver)
    judgement = s.judged()
    silent = [event for event in s.events if not isinstance(event.what, kinds)]
    renumbered = [
        Event(event.observer, 0, event.at, event.what) if event.observer == "api-proxy" else event
        for event in silent
    ]
    judgement = judge(s.scenario, tuple(renumbered))
    assert status_of("event-13", judgement) is E
    assert status_of("event-2", judgement) is K
    assert "event-2" not in judgement.clauses


def test_what_is_posted_is_no_recording() -> None:
    judgement = Posted().stored().judged()
    areas = {clause.partition("-")[0] for clause in judgement.clauses}
    assert areas == {"event"}
