from __future__ import annotations

from conformance.history import Attempted, Entered, Event, ExitSeen, Kind, Left, PolicyApplied
from conformance.machine import State
from conformance.replay import AROUND, LINE_LIMIT, describe, explain
from conformance.wire import SSHAction
from tests.conformance.histories import STORIES, change, drop, recorded

S = State


def reports(*what: Kind) -> list[Event]:
    return [Event("server", seq, seq * 1000, kind) for seq, kind in enumerate(what)]


def entered(*states: State) -> list[Event]:
    return reports(*(Entered(session="a/0", state=state) for state in states))


def test_a_legal_path_needs_no_explanation() -> None:
    assert explain([], ended=False) is None
    assert explain(entered(S.CONNECTING, S.CHECK_POLICY), ended=False) is None


def test_the_first_illegal_step_is_explained_with_state_event_and_what_was_legal() -> None:
    found = explain(entered(S.CONNECTING, S.CHECK_POLICY, S.STREAMING, S.STREAMING), ended=False)
    assert found is not None
    assert found.state is S.CHECK_POLICY
    assert found.event == "entered Streaming"
    assert found.legal == (
        (S.NO_RECORDING, "recording not required"),
        (S.FIND_RECORDER, "recording required"),
    )
    assert str(found) == (
        "in CheckPolicy entered Streaming; legal: NoRecording (recording not required) or"
        " FindRecorder (recording required)"
    )


def test_the_lines_around_it_are_shown_and_it_is_marked() -> None:
    states = (S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY, S.CONNECTED)
    late = [Attempted(session="a/0", recorder=f"r{n}", failure="no") for n in range(6)]
    history = reports(
        *(Entered(session="a/0", state=state) for state in states),
        Entered(session="a/0", state=S.TRY_FAILOVER),
        *late,
    )
    found = explain(history, ended=False)
    assert found is not None
    assert len(found.lines) == 2 * AROUND + 1
    assert found.lines[AROUND] == "> server 5 entered session=a/0 state=TryFailover"
    assert found.lines[0] == "  server 2 entered session=a/0 state=FindRecorder"
    assert found.lines[-1] == "  server 8 attempted session=a/0 recorder=r2 failure=no"
    assert sum(line.startswith(">") for line in found.lines) == 1


def test_near_the_beginning_there_is_less_before() -> None:
    found = explain(entered(S.CHECK_POLICY), ended=False)
    assert found is not None
    assert str(found) == "in [*] start entered CheckPolicy; legal: Connecting (SSH session start)"
    assert found.lines == ("> server 0 entered session=a/0 state=CheckPolicy",)


def test_an_end_in_the_middle_is_explained_too() -> None:
    found = explain(reports(Entered(session="a/0", state=S.CONNECTING)), ended=True)
    assert found is not None
    assert found.event == "the session ended"
    assert found.lines[-1] == "> the end of the session"


def test_after_the_end_nothing_is_legal() -> None:
    path = (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE, S.END, S.CONNECTING)
    found = explain(entered(*path), ended=False)
    assert found is not None
    assert str(found) == "in [*] end entered Connecting; legal: nothing"


def test_an_event_is_described_on_one_short_line() -> None:
    assert describe(Event("user", 3, 0, ExitSeen(session="s1", status=0))) == (
        "user 3 exit-seen session=s1 status=0"
    )
    action = SSHAction(message="x" * 500)
    line = describe(Event("server", 0, 0, PolicyApplied(session="a/0", action=action)))
    assert len(line) == LINE_LIMIT
    assert line.endswith("…")
    assert '"message":"xxx' in line
    listed = describe(Event("server", 0, 0, PolicyApplied(session="a/0", action=SSHAction())))
    assert listed == "server 0 policy-applied session=a/0 action={}"


def test_the_judgement_quotes_it() -> None:
    telling = recorded().but(drop(Entered, state=S.CONNECTED))
    finding = next(f for f in telling.judged().findings if f.clause == "machine-1")
    assert finding.message == (
        "in TryPrimary entered Streaming; legal: Connected (first recorder answered) or"
        " TryFailover (first recorder failed)"
    )
    assert any(line.startswith("> server ") for line in finding.evidence)


def test_every_state_renamed_in_any_story_is_found() -> None:
    for story in STORIES.values():
        for state in story().scenario.expect[0].path:
            broken = story().but(change(Entered, {"state": S.START}, state=state)).judged()
            found = [f for f in broken.findings if f.clause == "machine-1"]
            assert found, (story, state)
            assert any(line.startswith(">") for line in found[0].evidence)


def test_left_is_described_by_its_kind() -> None:
    assert describe(Event("server", 9, 0, Left(session="a/0"))) == "server 9 left session=a/0"
