"""What the virtual world cannot play is said before, with the reason."""

from __future__ import annotations

import pytest

from conformance.scenario import (
    Action,
    FaultPlan,
    Match,
    RecorderNode,
    Scenario,
    Script,
    Step,
    UserSession,
)
from simulator.virtual.playable import can_play


def scenario(
    *, command: str = "", steps: tuple[Step, ...] = (), faults: tuple[FaultPlan, ...] = ()
) -> Scenario:
    session = UserSession(
        name="s1", run="exec" if command else "shell", command=command, steps=steps
    )
    scripted = RecorderNode(name="odd", script=Script(does="silent"))
    return Scenario(
        title="t",
        recorders=(RecorderNode(name="rec1"), scripted),
        action=Action(),
        sessions=(session,),
        faults=faults,
        expect=(),
    )


@pytest.mark.parametrize(
    "command",
    [
        "echo one; echo two >&2; exit 3",
        "read x; echo got-$x; cat >/dev/null",
        'echo "a $x b"',
        "yes | head -c 10",
        "head -c 10 /dev/zero | tr '\\0' y",
        "for i in 1 2 3; do sleep 0.1; seq 5; done",
        "(setsid sleep 3 &) ; nohup sleep 4 >/dev/null 2>&1 &",
        "true && false || echo no",
        "tty >/dev/null && stty size",
        "printf 'gr\\303\\274n\\n'",
    ],
)
def test_what_scenarios_use_is_modelled(command: str) -> None:
    assert not can_play(scenario(command=command))


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("perl -e 1", "'perl'"),
        ("$SHELL -c x", "without a name"),
        ("echo `date`", "'`'"),
        ("echo $(date)", "'$('"),
        ("echo *", "'*'"),
        ("cat /etc/passwd", "cat of files"),
        ("echo a > /tmp/file", "redirecting"),
        ("yes", "by itself"),
        ("yes | tr a b", "without an end"),
        ("head -n 3", "head"),
        ("head -c 5 /etc/passwd", "reading"),
        ("echo 'open", "behind its line"),
        ("echo a\\ b", "backslash"),
        ("printf '%s' a", "printf"),
        ("stty raw", "stty raw"),
        ("sleep forever", "sleep"),
        ("read a b", "read"),
        ("while true; do echo; done", "'while'"),
        ("echo a |", "at this place"),
        ("seq 1 2 3", "seq"),
        ("exit $x; exit now", "exit"),
    ],
)
def test_a_command_that_is_not_modelled_is_named(command: str, why: str) -> None:
    assert why in can_play(scenario(command=command))


def test_what_is_typed_is_checked_line_by_line() -> None:
    typed = (Step(type="echo a\n"), Step(type="perl\n"))
    assert "'perl'" in can_play(scenario(steps=typed))


def test_a_line_that_a_command_reads_is_no_command() -> None:
    typed = (Step(type="read x; echo go\n"), Step(secret="password"), Step(type="exit\n"))
    assert not can_play(scenario(steps=typed))
    assert not can_play(scenario(steps=(Step(type="read x\n"), Step(type="perl -e 1\n"))))


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (FaultPlan(fault="earthquake", node="rec1"), "'earthquake' is not modelled"),
        (FaultPlan(fault="killed", node="odd"), "no process"),
        (FaultPlan(fault="stopped", node="s3"), "no process"),
        (FaultPlan(fault="unreachable", node="control"), "recorders only"),
        (FaultPlan(fault="cut", node="rec1", at=Match(event="late")), "'late'"),
    ],
)
def test_a_fault_that_is_not_modelled_is_named(plan: FaultPlan, why: str) -> None:
    assert why in can_play(scenario(faults=(plan,)))


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (Step(type="\x03"), "keys of the terminal"),
        (Step(wait=Match(event="relay-paused")), "'relay-paused'"),
        (Step(pull="/etc/shadow"), "'/etc/shadow'"),
    ],
)
def test_a_step_that_is_not_modelled_is_named(step: Step, why: str) -> None:
    assert why in can_play(scenario(steps=(step,)))
