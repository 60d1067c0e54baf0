from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.history import KINDS
from conformance.scenario import (
    Action,
    Api,
    ApiRequest,
    Change,
    Control,
    Expectation,
    ExpectedAttempt,
    FaultPlan,
    Match,
    Pty,
    RecorderNode,
    Scenario,
    Script,
    Step,
    UserSession,
)
from conformance.scenario_check import ScenarioError, check

FAULTS = frozenset({"killed"})
FIELDS = {name: kind.__struct_fields__ for name, kind in KINDS.items()}


def scenario(**fields: Any) -> Scenario:
    whole: dict[str, Any] = {
        "title": "t",
        "recorders": (RecorderNode(name="rec1"),),
        "action": Action(record=("rec1",)),
        "sessions": (UserSession(name="s1"),),
        "expect": (expected(),),
    }
    return Scenario(**(whole | fields))


def expected(**fields: Any) -> Expectation:
    return Expectation(**({"session": "s1", "path": ()} | fields))


def step(**fields: Any) -> dict[str, Any]:
    return {"sessions": (UserSession(name="s1", steps=(Step(type="x"), Step(**fields))),)}


def plan(**fields: Any) -> dict[str, Any]:
    return {"faults": (FaultPlan(**({"fault": "killed", "node": "rec1"} | fields)),)}


def scripted(does: Any, speaks: Any, status: int = 503) -> dict[str, Any]:
    script = Script(does=does, status=status)
    return {"recorders": (RecorderNode(name="rec1", speaks=speaks, script=script),)}


def asked(*recorders: str, **fields: Any) -> dict[str, Any]:
    request = ApiRequest(**({"name": "r", "path": "/api/v1/pods"} | fields))
    return {"api": Api(recorders=recorders, requests=(request,))}


def checked(whole: Scenario) -> None:
    check(whole, faults=FAULTS, kinds=FIELDS)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": None, "policy": "{}"},
        {"action": Action()},
        {"sessions": (UserSession(name="s1", run="exec", command="true"),)},
        step(see="x"),
        step(resize=Pty(width=1)),
        step(wait=Match(event="shown")),
        plan(),
        plan(node="s3"),
        plan(node="control", at=1.5),
        plan(at=Match(event="shown", plus=1.0, where={"session": "s1"})),
        plan(lasts=1.0, amount=2.0),
        step(pause=1.5),
        step(forward="x"),
        asked(),
        asked("rec1", stored_by="rec1", path="/api/v1/pods?labelSelector=a%3Db"),
        asked("rec1", method="DELETE", body="{}", by="tagged"),
        asked("rec1", at=1.5),
        asked("rec1", at=Match(event="api-answered", where={"request": "r"})),
        {**asked(), "sessions": (), "expect": (), "action": None},
        {"then": (Action(), Action(record=("rec1",)))},
        {"control": Control(notice_status=500)},
        {"action": None, "policy": "{}", "changes": (Change(at=1.0, policy="{}"),)},
        {"sessions": (UserSession(name="s1", after=Match(event="shown")),)},
        {"sessions": (UserSession(name="s1", client="openssh", connection="c"),)},
        step(hang_up=True),
        {"sessions": (UserSession(name="s1", pty=Pty(width=65535, height=0)),)},
        scripted("no-acks", "v2"),
        scripted("early-200", "v1"),
        scripted("refuse", "v1"),
        {"expect": (expected(exit="nonzero"),)},
        {"expect": (expected(exit=255, notices=(1, 2, 3)),)},
        {"expect": (expected(recording="prefix", recorded_by="rec1"),)},
        {"expect": (expected(attempts=(ExpectedAttempt(recorder="rec1"),)),)},
    ],
)
def test_sound_scenarios(fields: dict[str, Any]) -> None:
    checked(scenario(**fields))


NODE = RecorderNode(name="rec1")
SESSION = UserSession(name="s1")


@pytest.mark.parametrize(
    ("fields", "says", "where"),
    [
        ({"recorders": (NODE, NODE)}, "two of recorders are named 'rec1'", ("recorders", 1)),
        ({"recorders": (RecorderNode(name=""),)}, "a recorder needs a name", ("recorders", 0)),
        ({"title": ""}, "needs a title", ("title",)),
        ({"deadline": 0.0}, "0 is not between", ("deadline",)),
        ({"line_limit": 0}, "0 is not above 0", ("line_limit",)),
        ({"deadline": float("nan")}, "nan is not between", ("deadline",)),
        (
            {"recorders": (RecorderNode(name="../up"),)},
            "cannot be a recorder's name",
            ("recorders", 0, "name"),
        ),
        (
            {"recorders": (RecorderNode(name="s3"),)},
            "cannot be a recorder's name",
            ("recorders", 0, "name"),
        ),
        (scripted("no-acks", "v1"), "exists in v2 only", ("recorders", 0, "script", "does")),
        (scripted("early-200", "v2"), "exists in v1 only", ("recorders", 0, "script", "does")),
        (
            {"recorders": (RecorderNode(name="rec1", script=Script(does="tls", at="event-head")),)},
            "'tls' cannot be done at 'event-head'",
            ("recorders", 0, "script", "does"),
        ),
        ({"action": None, "policy": "{}", "then": (Action(),)}, "'then' follows", ("then",)),
        (scripted("refuse", "v2", 200), "not between 201", ("recorders", 0, "script", "status")),
        (plan(at=-1.0), "-1 is not between", ("faults", 0, "at")),
        (plan(lasts=0.0), "0 is not between", ("faults", 0, "lasts")),
        (plan(amount=-1.0), "-1 is not between", ("faults", 0, "amount")),
        (
            plan(at=Match(event="shown", where={"sesion": "s1"})),
            "has no 'sesion'; it has: session, data, stream",
            ("faults", 0, "at", "where", "sesion"),
        ),
        (
            step(wait=Match(event="end", where={"x": 1})),
            "it has: no fields",
            ("sessions", 0, "steps", 1, "wait", "where", "x"),
        ),
        (
            step(wait=Match(event="shown", plus=-1.0)),
            "-1 is not between",
            ("sessions", 0, "steps", 1, "wait", "plus"),
        ),
        (step(eof=False), "is true, or is not there", ("sessions", 0, "steps", 1, "eof")),
        (step(hang_up=False), "is true, or", ("sessions", 0, "steps", 1, "hang_up")),
        (step(pause=-1.0), "-1 is not between", ("sessions", 0, "steps", 1, "pause")),
        (
            step(resize=Pty(width=65536)),
            "65536 is not between",
            ("sessions", 0, "steps", 1, "resize", "width"),
        ),
        (
            {"sessions": (UserSession(name="s1", pty=Pty(height=-1)),)},
            "-1 is not between",
            ("sessions", 0, "pty", "height"),
        ),
        ({"expect": (expected(exit=256),)}, "256 is not between", ("expect", 0, "exit")),
        ({"expect": (expected(notices=(4,)),)}, "4 is not", ("expect", 0, "notices", 0)),
        ({"control": Control(notice_status=1)}, "1 is not", ("control", "notice_status")),
        ({"changes": (Change(at=1.0, policy="{}"),)}, "are of a 'policy'", ("changes",)),
        (
            {"action": None, "policy": "{}", "changes": (Change(at=-1.0, policy=""),)},
            "-1 is not between",
            ("changes", 0, "at"),
        ),
        (
            {"sessions": (UserSession(name="s1", after=Match(event="sown")),)},
            "no event of a history is called 'sown'",
            ("sessions", 0, "after", "event"),
        ),
        (
            {
                "sessions": (
                    UserSession(name="s1", connection="c"),
                    UserSession(name="s2", connection="c", client="openssh"),
                )
            },
            "shares a connection with 's2'",
            ("sessions", 0, "client"),
        ),
        ({"sessions": ()}, "at least one session", ("sessions",)),
        ({"sessions": (SESSION, SESSION)}, "two of sessions are named 's1'", ("sessions", 1)),
        ({"action": None}, "either 'action' or 'policy'", ("action",)),
        ({"policy": "{}"}, "either 'action' or 'policy'", ("action",)),
        (
            {"action": Action(record=("rec1", "rec2"))},
            "no recorder is named 'rec2'",
            ("action", "record", 1),
        ),
        (
            {"sessions": (UserSession(name="s1", run="exec"),)},
            "'command' goes with 'run: exec'",
            ("sessions", 0),
        ),
        (
            {"sessions": (UserSession(name="s1", command="true"),)},
            "'command' goes with 'run: exec'",
            ("sessions", 0),
        ),
        (step(), "a step does exactly one of: type, ", ("sessions", 0, "steps", 1)),
        (step(see="x", eof=True), "exactly one of", ("sessions", 0, "steps", 1)),
        (
            step(wait=Match(event="sown")),
            "no event of a history is called 'sown'",
            ("sessions", 0, "steps", 1),
        ),
        (plan(fault="kiled"), "no fault is named 'kiled'; known: killed", ("faults", 0)),
        (plan(node="rec9"), "no node is named 'rec9'", ("faults", 0, "node")),
        (plan(at=Match(event="sown")), "called 'sown'", ("faults", 0, "at", "event")),
        ({"expect": (expected(), expected())}, "two of expect are named 's1'", ("expect", 1)),
        ({"expect": ()}, "nothing is expected of session 's1'", ("expect",)),
        (
            {"expect": (expected(), expected(session="s9"))},
            "no session is named 's9'",
            ("expect", 1, "session"),
        ),
        (
            {"expect": (expected(recording="prefix", recorded_by="rec9"),)},
            "no recorder is named 'rec9'",
            ("expect", 0, "recorded_by"),
        ),
        (
            {"expect": (expected(recording="prefix"),)},
            "'recorded_by' goes with a recording",
            ("expect", 0, "recording"),
        ),
        (
            {"expect": (expected(recorded_by="rec1"),)},
            "'recorded_by' goes with a recording",
            ("expect", 0, "recording"),
        ),
        (
            {"expect": (expected(attempts=(ExpectedAttempt(recorder="rec9"),)),)},
            "no recorder is named 'rec9'",
            ("expect", 0, "attempts", 0),
        ),
        (
            asked("rec1", "rec9"),
            "no recorder is named 'rec9'; there are: rec1",
            ("api", "recorders", 1),
        ),
        (
            {"api": Api(recorders=(), requests=())},
            "the proxy is given no request",
            ("api", "requests"),
        ),
        (
            {"api": Api(recorders=(), requests=(ApiRequest(name="r", path="/"),) * 2)},
            "two of requests are named 'r'",
            ("api", "requests", 1),
        ),
        (asked(name=""), "a request needs a name", ("api", "requests", 0)),
        (
            asked(method="get"),
            "'get' is no method: capital letters",
            ("api", "requests", 0, "method"),
        ),
        (asked(method="G" * 21), "is no method", ("api", "requests", 0, "method")),
        *(
            (
                asked(path=path),
                f"{path!r} is no path: it begins with '/', and has no spaces",
                ("api", "requests", 0, "path"),
            )
            for path in ("", "api/v1", "/api v1", "/\u00e9", "/a\n")
        ),
        (
            asked("rec1", stored_by="rec2"),
            "'rec2' is none of the proxy's recorders; they are: rec1",
            ("api", "requests", 0, "stored_by"),
        ),
        (
            asked(stored_by="rec1"),
            "'rec1' is none of the proxy's recorders; it has none",
            ("api", "requests", 0, "stored_by"),
        ),
        (asked(at=-1.0), "-1 is not between 0 and 3600", ("api", "requests", 0, "at")),
        (
            asked(at=Match(event="answerd")),
            "no event of a history is called 'answerd'",
            ("api", "requests", 0, "at", "event"),
        ),
    ],
)
def test_what_makes_no_sense_is_said_with_its_place(
    fields: dict[str, Any], says: str, where: tuple[str | int, ...]
) -> None:
    with pytest.raises(ScenarioError, match=re.escape(says)) as raised:
        checked(scenario(**fields))
    assert raised.value.where[: len(where)] == where
