"""Who is who: sessions, uploads and actions, joined by what is on the wire."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest

from conformance.actions import served_action
from conformance.history import (
    ActionServed,
    Addressed,
    AnswerBody,
    Answered,
    AnswerEnded,
    BodyEnded,
    Disconnected,
    Entered,
    Event,
    FaultApplied,
    Handed,
    Played,
    PolicyApplied,
    ServerSession,
    SessionOpened,
    Shown,
    Stored,
)
from conformance.joining import join
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import (
    Action,
    FaultPlan,
    OnFailure,
    RecorderNode,
    Scenario,
    Script,
    UserSession,
)
from conformance.sessions import NO_REPORT, Inferred, Possible, View
from conformance.wire import SECOND, OnRecordingFailure, SSHAction
from tests.conformance.histories import (
    STREAMING,
    Story,
    Telling,
    add,
    address,
    again,
    change,
    continued,
    drop,
    failed_over,
    header,
    later,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
    terminated,
    two_sessions,
)

S = State


def joined(telling: Telling) -> View:
    return join(telling.scenario, telling.history)


def test_a_session_is_found_by_the_users_address_and_its_channel() -> None:
    for telling in (two_sessions(), two_sessions(separate=True)):
        view = joined(telling)
        assert [s.server and s.server.session for s in view.sessions.values()] == ["x/0", "x/1"]


def test_what_belongs_to_no_session_of_the_scenario_is_left_out() -> None:
    telling = recorded().but(
        add("user", Shown(session="other", data=b"x")),
        add("server", PolicyApplied(session="other", action=SSHAction())),
        again(ServerSession),
        change(ServerSession, {"peer": "127.0.0.1:1"}),
    )
    session = joined(telling).sessions["s1"]
    assert session.server is None
    assert b"x" not in session.shown_bytes()


def test_an_upload_is_found_by_its_header() -> None:
    view = joined(two_sessions(separate=True))
    uploads = [session.upload for session in view.sessions.values()]
    assert all(uploads)
    assert uploads[0] is view.uploads[0]
    assert uploads[1] is view.uploads[1]


def test_sessions_of_one_connection_that_look_alike_get_no_upload() -> None:
    """Their server reports, so the recordings' own words decide, and those are the same."""
    view = joined(two_sessions())
    assert [session.upload for session in view.sessions.values()] == [None, None]


def test_where_no_server_reports_output_tells_sessions_apart() -> None:
    view = joined(two_sessions().from_outside())
    uploads = [session.upload for session in view.sessions.values()]
    assert uploads == view.uploads
    alike = joined(two_sessions(same_output=True).from_outside())
    assert [session.upload for session in alike.sessions.values()] == [None, None]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("command", "other"),
        ("pty", True),
        ("width", 80),
    ],
)
def test_an_upload_with_another_header_is_the_only_sessions(field: str, value: object) -> None:
    telling = recorded().but(change(SessionOpened, {field: value}))
    assert joined(telling).sessions["s1"].upload is not None
    unplanned = join(None, telling.history).sessions["s1"].upload
    assert (unplanned is None) == (field != "width")  # without a pty there is no width


def test_with_a_pty_its_type_counts_too() -> None:
    telling = recorded(run="shell", pty=True)
    assert join(None, telling.history).sessions["s1"].upload is not None
    other = telling.but(change(SessionOpened, {"term": "vt100"}))
    assert join(None, other.history).sessions["s1"].upload is None


def test_a_header_that_cannot_be_read_is_the_only_sessions() -> None:
    for data in (b"hello\n", b"", b'{"x":' * 100_000 + b"\n"):
        telling = recorded().but(change(Handed, {"data": data}))
        assert joined(telling).sessions["s1"].upload is not None
        assert join(None, telling.history).sessions["s1"].upload is None


def test_a_wrong_header_of_several_sessions_is_whose_nobody_elses_it_can_be() -> None:
    telling = two_sessions(separate=True)
    wrong = header(None).replace(b"conn-1", b"conn-9")
    body = wrong + b'[0.1,"o","output of s2\\n"]\n'
    second = [e.what for e in telling.history if isinstance(e.what, Handed)][1]
    view = joined(telling.but(change(Handed, {"data": body}, connection=second.connection)))
    assert view.sessions["s2"].upload is view.uploads[1]
    both = joined(two_sessions().but(change(Handed, {"data": body})))
    assert [session.upload for session in both.sessions.values()] == [None, None]


def test_a_second_upload_of_one_session_is_kept_apart() -> None:
    s = Story(recorders=("rec1", "rec2"), record=("rec1", "rec2"))
    s.connect()
    s.taken("rec1")
    s.taken("rec2")
    view = joined(s.end(STREAMING))
    session = view.sessions["s1"]
    assert session.upload is not None
    assert session.upload.recorder == "rec1"
    assert [upload.recorder for upload in session.further] == ["rec2"]


def test_a_second_upload_that_was_never_opened_does_not_count() -> None:
    s = Story()
    s.connect()
    s.taken("rec1")
    s.request(s.dial("rec1"), 3, "POST", "/v2/record", "2", 503)
    s.note("user", Handed(recorder="rec1", connection="rec1#1", stream=3, data=header(None)))
    assert joined(s.end(STREAMING)).sessions["s1"].further == []


def test_what_passes_of_no_upload_is_left_out() -> None:
    stray: dict[str, Any] = {"recorder": "rec1", "connection": "none", "stream": 1}
    telling = recorded().but(
        add("network", Answered(**stray, status=200)), add("user", Handed(**stray, data=b"x"))
    )
    assert len(joined(telling).uploads) == 1


# --- the action ----------------------------------------------------------------------------------

FAILURE = OnRecordingFailure(reject_session_with_message="no", notify_url="given")
HOLD = SSHAction(hold_and_delegate="u", recorders=("a:80",), on_recording_failure=FAILURE)
FINAL = SSHAction(accept=True)


def served(*actions: SSHAction, user: str = "alice", planned: Action | None = None) -> View:
    answers = [
        add(
            "control",
            ActionServed(peer="127.0.0.1", destination="p", ssh_user=user, action=action),
        )
        for action in actions
    ]
    telling = recorded().but(drop(ActionServed), *answers, action=planned).from_outside()
    return joined(telling)


def test_the_server_says_which_action_counts() -> None:
    action = SSHAction(accept=True, message="mine")
    telling = recorded().but(change(PolicyApplied, {"action": action}))
    assert joined(telling).sessions["s1"].action == action


def test_else_the_control_plane_does() -> None:
    session = joined(recorded().from_outside()).sessions["s1"]
    assert session.action is not None
    assert session.action.recorders == (address("rec1"),)
    assert session.reject_message == "Refused."
    assert session.notify


def test_of_several_answers_the_first_and_the_last_count() -> None:
    action = served(HOLD, FINAL).sessions["s1"].action
    assert action is not None
    assert action.recorders == ("a:80",)
    assert action.on_recording_failure == FAILURE
    assert action.accept
    last = msgspec.structs.replace(FINAL, recorders=("b:80",))
    action = served(HOLD, last).sessions["s1"].action
    assert action is not None
    assert action.recorders == ("b:80",)


def test_answers_that_differ_leave_it_open() -> None:
    assert served(FINAL, SSHAction(reject=True)).sessions["s1"].action is None
    assert served(HOLD).sessions["s1"].action is None
    assert served(FINAL, user="bob").sessions["s1"].action is None
    same = served(FINAL, msgspec.structs.replace(FINAL, message="again"))
    assert same.sessions["s1"].action == FINAL


def test_of_several_actions_that_hold_one_connection_the_first_counts() -> None:
    between = SSHAction(hold_and_delegate="v", recorders=("c:80",))
    action = served(HOLD, between, SSHAction(accept=True)).sessions["s1"].action
    assert action == served(HOLD, SSHAction(accept=True)).sessions["s1"].action
    # Of several connections nobody knows whom which of them held.
    assert served_action([HOLD, between, FINAL], alone=False) is None


def test_else_the_scenario_does() -> None:
    plan = Action(record=("rec1", "rec9"), on_failure=OnFailure(reject="r", notify=False))
    action = served(planned=plan).sessions["s1"].action
    assert action == SSHAction(
        accept=True,
        recorders=(address("rec1"), "rec9"),
        on_recording_failure=OnRecordingFailure(reject_session_with_message="r"),
    )
    assert served(planned=Action()).sessions["s1"].action == SSHAction(accept=True)


def test_a_session_that_was_never_opened_still_has_the_scenarios_action() -> None:
    telling = recorded().but(drop(SessionOpened))
    session = joined(telling).sessions["s1"]
    assert session.opened is None
    assert session.action is not None


def test_without_an_action_there_are_no_messages() -> None:
    session = served().sessions["s1"]
    assert session.action is None
    assert (session.reject_message, session.terminate_message) == ("", "")
    assert not session.notify
    assert not session.saw_termination


# --- what a view knows ---------------------------------------------------------------------------


def test_a_node_is_faulted_by_plan_by_event_and_by_what_stands_behind_it() -> None:
    view = joined(recorded())
    assert not view.faulted("rec1")
    assert not view.faulted("nobody")
    assert joined(recorded().but(faults=(FaultPlan(fault="x", node="rec1"),))).faulted("rec1")
    assert joined(recorded().but(add("faults", FaultApplied(fault="x", node="rec1")))).faulted(
        "rec1"
    )
    s3 = FaultPlan(fault="x", node="s3")
    assert not joined(recorded().but(faults=(s3,))).faulted("rec1")
    on_s3 = (RecorderNode(name="rec1", storage="s3"),)
    assert joined(recorded().but(faults=(s3,), recorders=on_s3)).faulted("rec1")
    scripted = (RecorderNode(name="rec1", script=Script(does="silent")),)
    assert joined(recorded().but(recorders=scripted)).faulted("rec1")


def test_without_a_scenario_a_recorder_that_does_not_speak_may_be_meant_to_misbehave() -> None:
    history = recorded().history
    assert not join(None, history).faulted("rec1")
    foreign = tuple(event for event in history if event.observer != "recorder/rec1")
    assert join(None, foreign).faulted("rec1")
    s3 = add("faults", FaultApplied(fault="x", node="s3"))
    assert join(None, s3(history)).faulted("rec1")


def test_the_scenario_of_a_bare_history() -> None:
    view = join(None, recorded(run="shell", pty=True).history)
    assert not view.planned
    assert view.scenario.id == "t/one"
    assert [node.name for node in view.scenario.recorders] == ["rec1"]
    plan = view.sessions["s1"].plan
    assert (plan.run, plan.command, plan.pty and plan.pty.width) == ("shell", "", 80)
    assert view.sessions["s1"].expect is None
    sftp = change(SessionOpened, {"shell": "sftp"})(not_recorded().history)
    assert join(None, sftp).sessions["s1"].plan.run == "sftp"
    odd = change(SessionOpened, {"shell": "odd"})(recorded().history)
    assert join(None, odd).sessions["s1"].plan.run == "exec"
    none = join(None, ())
    assert (none.scenario.id, none.sessions, none.speed) == ("", {}, 1)


def test_timers_are_divided_by_the_speed() -> None:
    assert joined(recorded(speed=10)).timers.ack_window == 3_000_000_000
    hostile = recorded().but(change(Played, {"speed": 0}))
    assert joined(hostile).timers.ack_window == 30_000_000_000


def test_addresses_name_nodes() -> None:
    telling = recorded().but(add("world", Addressed(node="x", address="1.2.3.4:80")))
    assert joined(telling).addresses["1.2.3.4:80"] == "x"


def test_states_are_timed_by_the_server() -> None:
    session = joined(recorded()).sessions["s1"]
    streaming = session.state_at(S.STREAMING)
    connected = session.state_at(S.CONNECTED)
    assert streaming is not None
    assert connected is not None
    assert connected < streaming
    assert session.state_at(S.CONNECTION_LOST) is None


def test_a_path_is_reported_or_inferred_or_unknown() -> None:
    reporting = joined(recorded()).sessions["s1"]
    assert reporting.path == reporting.reported == (*STREAMING, S.SESSION_COMPLETE)
    assert reporting.path_unknown == ""
    session = joined(recorded().from_outside()).sessions["s1"]
    assert (session.path, session.path_unknown) == ((), NO_REPORT)
    session.inferred = Inferred(paths=(Possible(STREAMING),))
    assert (session.path, session.path_unknown) == (STREAMING, "")
    session.inferred = Inferred(paths=(), why="because")
    assert (session.path, session.path_unknown) == ((), "because")
    session.inferred = Inferred(paths=(), illegal="broken")
    assert session.path_unknown == "broken"


def test_a_possible_path_is_written_with_arrows() -> None:
    assert str(Possible((S.CONNECTING, S.CHECK_POLICY))) == "Connecting -> CheckPolicy"
    assert str(Possible((S.CONNECTING,), aborted=True)) == "Connecting -> (aborted)"


# --- uploads -------------------------------------------------------------------------------------


def test_how_a_recorder_can_let_a_session_down() -> None:
    def why(telling: Telling) -> str:
        upload = joined(telling).uploads[0]
        return upload.failed_by_recorder(30_000_000_000)

    assert why(recorded()) == ""
    assert why(rejected()) == ""  # it took nothing
    assert "error frame" in why(lost_after_exit())
    assert "500" in why(recorded(speaks="v1").but(change(Answered, {"status": 500}, status=200)))
    assert "before the body ended" in why(recorded().but(drop(BodyEnded)))
    assert why(terminated()) == ""
    view = joined(recorded())
    assert "whole ack window" in view.uploads[0].failed_by_recorder(1)
    assert joined(recorded(speaks="v1")).uploads[0].failed_by_recorder(1) == ""


def test_a_session_is_let_down_only_by_a_recorder_that_nothing_disturbs() -> None:
    view = joined(lost_after_exit())
    assert view.let_down(view.sessions["s1"]) == ""
    bare = joined(lost_after_exit().but(drop(FaultApplied), faults=()))
    assert bare.let_down(bare.sessions["s1"]) == "its recorder failed: it sent an error frame"
    none = joined(not_recorded())
    assert none.let_down(none.sessions["s1"]) == ""


def test_gaps_are_measured_from_the_opening_to_the_end() -> None:
    upload = joined(recorded()).uploads[0]
    assert upload.opened_at is not None
    assert upload.answer_ended_at is not None
    assert sum(upload.gaps()) == upload.answer_ended_at - upload.opened_at
    lost = joined(continued()).uploads[0]
    assert lost.opened_at is not None
    assert lost.gone_at is not None
    assert lost.gaps() == (lost.gone_at - lost.opened_at,)
    assert joined(rejected()).uploads[0].gaps() == ()
    still_there = joined(recorded().but(drop(AnswerEnded), drop(Disconnected)))
    assert len(still_there.uploads[0].gaps()) == 1


def test_the_final_answer_is_awaited_from_the_end_of_the_body() -> None:
    assert joined(recorded().but(later(AnswerBody, 3))).uploads[0].final_wait > 3 * SECOND
    assert joined(recorded().but(drop(AnswerEnded))).uploads[0].final_wait == 0
    assert joined(recorded().but(drop(BodyEnded))).uploads[0].final_wait == 0


def test_an_upload_is_clean_only_with_its_end_and_success() -> None:
    assert joined(recorded()).uploads[0].clean
    for edit in (drop(BodyEnded), drop(AnswerEnded), change(Answered, {"status": 500}, stream=3)):
        assert not joined(recorded().but(edit)).uploads[0].clean
    assert joined(recorded()).uploads[0].last_answer.startswith('{"ack":')
    assert joined(recorded(speaks="v1")).uploads[0].last_answer == ""


GZIP = change(Answered, {"coding": "gzip"}, stream=3)


@pytest.mark.parametrize(
    ("frame", "failed"), [(b'{"error":"disk full"}\n', True), (b'{"ack":9,"x":"error"}\n', False)]
)
def test_an_error_frame_is_one_in_any_coding_and_in_any_pieces(frame: bytes, failed: bool) -> None:
    packed = gzip.compress(frame)
    telling = lost_after_exit()
    for pieces in ([frame], [frame[:9], frame[9:]], [packed], [packed[:-12], packed[-12:]]):
        edits = [change(AnswerBody, {"data": pieces[-1]})]
        if len(pieces) > 1:
            before = next(e.what for e in telling.history if isinstance(e.what, AnswerBody))
            first = msgspec.structs.replace(before, data=pieces[0])
            edits.append(add("network", first, before=AnswerBody))
        if packed.startswith(pieces[0]):
            edits.append(GZIP)
        upload = joined(telling.but(*edits)).uploads[0]
        assert upload.clean
        assert upload.said_failure is failed
        assert bool(upload.failed_by_recorder(30 * SECOND)) is failed


def test_what_is_acked_or_fails_in_gzip_is_told_from_the_other_by_the_checkers() -> None:
    failed = change(AnswerBody, {"data": gzip.compress(b'{"error":"disk full"}')})
    unsaid = drop(Entered, state=S.CONNECTION_LOST)
    assert status_of("machine-12", lost_after_exit().but(failed, GZIP, unsaid).judged()) is (
        Status.WARN
    )
    plain = lost_after_exit().but(failed, GZIP).judged()
    assert status_of("machine-12", plain) is Status.PASS
    assert status_of("storage-2", plain) is None  # the recorder did not say success
    fine = change(AnswerBody, {"data": gzip.compress(b'{"ack":9}')})
    assert status_of("machine-12", lost_after_exit().but(fine, GZIP).judged()) is None


def test_v1_says_failure_by_its_status_and_not_by_what_it_adds() -> None:
    upload = joined(recorded(speaks="v1")).uploads[0]
    body = AnswerBody(recorder="rec1", connection="c", stream=1, data=b'{"error":"no"}')
    upload.answers.append(Event("network", 0, 0, body))
    assert not upload.said_failure


def test_order_in_the_file_does_not_matter_but_each_observers_own_does() -> None:
    telling = failed_over()
    turned = Telling(telling.scenario, tuple(reversed(telling.history)))
    assert joined(turned).sessions["s1"].path == joined(telling).sessions["s1"].path


def test_what_lies_in_storage_is_kept() -> None:
    assert [type(stored) for stored in joined(recorded()).stored] == [Stored]


def test_an_event_of_another_observer_is_not_the_servers() -> None:
    policy = PolicyApplied(session="conn-1/0", action=SSHAction(message="forged"))
    history = (*recorded().history, Event("user", 99, 0, policy))
    action = join(recorded().scenario, history).sessions["s1"].action
    assert action is not None
    assert action.message == ""


def test_a_scenario_need_not_expect_anything() -> None:
    scenario = Scenario(title="t", sessions=(UserSession(name="s1"),), expect=())
    assert join(scenario, ()).sessions["s1"].expect is None
