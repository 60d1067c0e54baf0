"""What a control plane answered, held against its policy: each clause, held and broken."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import (
    ActionServed,
    Addressed,
    ControlReceived,
    Event,
    Kind,
    Log,
    NoticeReceived,
    Played,
)
from conformance.judgement import Status
from conformance.scenario import Control, RecorderNode, Scenario
from conformance.wire import OnRecordingFailure, SSHAction
from tests.conformance.histories import status_of

F, P, W = Status.FAIL, Status.PASS, Status.WARN
ONE, TWO, THREE = "127.0.1.1:80", "127.0.1.2:80", "127.0.1.3:80"


def rule(who: str = "group:dev", action: str = "accept", **more: Any) -> dict[str, Any]:
    return {
        "action": action,
        "src": [who],
        "dst": ["tag:prod"],
        "users": ["autogroup:nonroot"],
        **more,
    }


RECORDED = rule(recorder=["tag:recorder"], enforceRecorder=True)
ARCHIVED = rule(recorder=["tag:archive"])
CHECKED = rule(action="check", recorder=["tag:recorder"])


def policy(*rules: dict[str, Any], dev: str = "alice@example.com") -> str:
    groups = {"group:dev": [dev], "group:ops": ["carol@example.com"]}
    return msgspec.json.encode({"groups": groups, "ssh": rules}).decode()


def action(
    *recorders: str, reject: bool = False, terminate: bool = False, **more: Any
) -> SSHAction:
    return SSHAction(
        accept=True,
        recorders=recorders,
        on_recording_failure=OnRecordingFailure(
            reject_session_with_message="No." if reject else "",
            terminate_session_with_message="Over." if terminate else "",
        ),
        **more,
    )


ENFORCED = action(ONE, TWO, reject=True, terminate=True)
HOLD = SSHAction(hold_and_delegate="https://unused/ssh/action/1")


def told(clause: str, text: str, *answers: SSHAction | str, **more: Any) -> Status | None:
    """Return what comes of a clause when these are the answers; a string is another policy."""
    events: list[Event] = []
    logs = {name: Log(name, lambda: len(events), events.append) for name in ("world", "control")}
    nodes = (
        Addressed(node="rec1", address=ONE),
        Addressed(node="rec2", address=TWO),
        Addressed(node="arch", address=THREE),
        Addressed(
            node="laptop.ts.net",
            address="127.0.0.1",
            node_id="nL",
            numeric_id=1,
            login="alice@example.com",
        ),
        Addressed(
            node="prod-1.ts.net",
            address="127.0.0.2",
            node_id="nP",
            numeric_id=2,
            tags=("tag:prod",),
        ),
    )
    logs["world"].note(Played(scenario="t/one", world="live", seed=0, speed=1))
    for node in nodes:
        logs["world"].note(node)
    for answer in answers:
        what: Kind = (
            ControlReceived(path="/policy", body=answer.encode())
            if isinstance(answer, str)
            else ActionServed(
                peer="127.0.0.1",
                destination="prod-1",
                ssh_user="alice",
                action=answer,
                source="nL",
            )
        )
        logs["control"].note(what)
    scenario = Scenario(
        id="t/one",
        title="one",
        policy=text,
        recorders=(
            RecorderNode(name="rec1"),
            RecorderNode(name="rec2"),
            RecorderNode(name="arch", tags=("tag:archive",)),
            RecorderNode(name="late"),  # not in the tailnet so far: nobody can be sent there
        ),
        **more,
    )
    return status_of(clause, judge(scenario, tuple(events)))


MOVED = (policy(RECORDED, rule("group:ops", recorder=["tag:archive"])),)
"""Alice is with the developers."""
GONE = policy(
    RECORDED, rule("group:ops", recorder=["tag:archive"]), dev="carol@example.com"
).replace('"group:ops":["carol@example.com"]', '"group:ops":["alice@example.com"]')


@pytest.mark.parametrize(
    ("clause", "text", "answers", "status"),
    [
        ("policy-2", policy(RECORDED, ARCHIVED), [ENFORCED], P),
        ("policy-2", policy(RECORDED), [ENFORCED], None),  # there is nothing to take besides
        (
            "policy-2",
            policy(RECORDED, ARCHIVED),
            [action(ONE, TWO, THREE, reject=True, terminate=True)],
            F,
        ),
        ("policy-3", policy(RECORDED, ARCHIVED), [ENFORCED], P),
        ("policy-3", policy(RECORDED, ARCHIVED), [action(THREE)], W),
        ("policy-3", policy(RECORDED, CHECKED), [HOLD, action(ONE, TWO)], W),
        ("policy-3", policy(rule("group:ops"), RECORDED), [ENFORCED], None),
        ("policy-5", policy(RECORDED), [ENFORCED], P),
        ("policy-5", policy(RECORDED), [action(ONE, reject=True, terminate=True)], F),
        ("policy-5", policy(RECORDED), [action(THREE, reject=True, terminate=True)], F),
        ("policy-5", policy(RECORDED), [action(reject=True, terminate=True)], F),
        ("policy-5", policy(rule()), [SSHAction(accept=True)], None),
        ("policy-6", policy(rule(enforceRecorder=True)), [SSHAction(accept=True)], P),
        ("policy-6", policy(rule(enforceRecorder=True)), [ENFORCED], F),
        ("policy-6", policy(rule()), [ENFORCED], None),
        ("policy-8", policy(RECORDED), [ENFORCED], P),
        ("policy-8", policy(RECORDED), [action(TWO, ONE, reject=True, terminate=True)], F),
        ("policy-8", policy(RECORDED), [action("rec1:80", reject=True, terminate=True)], F),
        ("policy-8", policy(RECORDED), [action("127.0.1.1", reject=True, terminate=True)], F),
        ("policy-10", policy(RECORDED), [ENFORCED], P),
        ("policy-10", policy(ARCHIVED), [action(THREE)], P),
        ("policy-10", policy(RECORDED), [action(ONE, TWO)], F),
        ("policy-10", policy(RECORDED), [action(ONE, TWO, reject=True)], F),
        ("policy-10", policy(RECORDED), [action(ONE, TWO, terminate=True)], F),
        ("policy-10", policy(ARCHIVED), [action(THREE, reject=True, terminate=True)], F),
        ("policy-10", policy(ARCHIVED), [SSHAction(accept=True, recorders=(THREE,))], F),
        ("policy-17", MOVED[0], [ENFORCED, GONE, action(THREE)], P),
        ("policy-17", MOVED[0], [ENFORCED, GONE, ENFORCED], F),
        ("policy-17", MOVED[0], [ENFORCED, "no policy", ENFORCED], None),
        ("policy-17", MOVED[0], [ENFORCED, MOVED[0], ENFORCED], None),  # nothing changed for her
        ("policy-17", MOVED[0], [ENFORCED], None),
        ("policy-18", policy(CHECKED), [HOLD, action(ONE, TWO)], P),
        ("policy-18", policy(CHECKED), [HOLD, HOLD, action(ONE, TWO)], P),
        ("policy-18", policy(CHECKED), [action(ONE, TWO)], F),
        ("policy-18", policy(CHECKED), [HOLD, SSHAction(accept=True)], F),
        ("policy-18", policy(rule(action="check")), [HOLD, SSHAction(accept=True)], P),
        ("policy-18", policy(rule(action="check")), [SSHAction(accept=True)], F),
        ("policy-18", policy(RECORDED), [ENFORCED], None),
        ("policy-19", policy(rule(action="check")), [HOLD, SSHAction(accept=True)], P),
        ("policy-19", policy(rule(action="check")), [HOLD, ENFORCED], F),
        ("policy-19", policy(rule()), [SSHAction(accept=True)], P),
        ("policy-19", policy(rule()), [SSHAction(accept=True, recorders=())], F),
        (
            "policy-19",
            policy(rule()),
            [SSHAction(accept=True, on_recording_failure=OnRecordingFailure())],
            F,
        ),
        ("policy-19", policy(rule("group:ops")), [SSHAction(reject=True)], None),
    ],
)
def test_answers(
    clause: str, text: str, answers: list[SSHAction | str], status: Status | None
) -> None:
    assert told(clause, text, *answers) is status


def test_one_that_decides_by_the_wrong_rule_breaks_nothing_else() -> None:
    others = ("policy-2", "policy-5", "policy-8", "policy-10", "policy-17")
    found = {told(clause, policy(RECORDED, ARCHIVED), action(THREE)) for clause in others}
    assert found == {None}


@pytest.mark.parametrize(
    ("status", "configured", "right"), [(201, 201, P), (200, 201, F), (500, 500, None)]
)
def test_a_notice_is_answered_201(status: int, configured: int, right: Status | None) -> None:
    events: list[Event] = []
    log = Log("control", lambda: len(events), events.append)
    log.note(NoticeReceived(path="/ssh/notify/1", body=b"{}", status=status))
    scenario = Scenario(id="t/one", title="one", control=Control(notice_status=configured))
    assert status_of("notice-6", judge(scenario, tuple(events))) is right
