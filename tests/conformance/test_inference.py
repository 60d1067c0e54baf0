"""Paths told from outside: the true one is always among them, and a single one is the true one."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.history import (
    AnswerBody,
    Answered,
    AnswerEnded,
    Attempted,
    BodyEnded,
    Dialled,
    Disconnected,
    ExitSeen,
    Gap,
    Handed,
    HungUp,
    NoticeReceived,
    SessionClosed,
    SessionOpened,
    Shown,
    Unreadable,
    UserConnected,
)
from conformance.inference import connection_of, infer, notice_due
from conformance.joining import join
from conformance.machine import State, whole_paths
from conformance.scenario import FaultPlan, OnFailure
from conformance.sessions import Inferred, Possible
from tests.conformance.histories import (
    BOTH,
    CHOOSING,
    FAILED,
    NEITHER,
    STORIES,
    STREAMING,
    Edit,
    Story,
    Telling,
    aborted,
    add,
    allowed,
    change,
    continued,
    drop,
    failed_over,
    later,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    silent,
    terminated,
    two_sessions,
)

S = State
COMPLETE = (*STREAMING, S.SESSION_COMPLETE)
TERMINATED = (*STREAMING, S.CONNECTION_LOST, S.SESSION_TERMINATED)
CONTINUED = (*STREAMING, S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE)
ALLOWED = (*FAILED, S.SESSION_ALLOWED, S.SESSION_COMPLETE)
REJECTED = (*FAILED, S.SESSION_REJECTED)
NOT_RECORDED = (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE)
FAILED_OVER = (*CHOOSING, S.TRY_FAILOVER, S.CONNECTED, S.STREAMING, S.SESSION_COMPLETE)


def inferred(telling: Telling, *edits: Edit, session: str = "s1") -> Inferred:
    outside = telling.but(*edits).from_outside()
    view = join(outside.scenario, outside.history)
    infer(view)
    found = view.sessions[session].inferred
    assert found is not None
    assert not found.paths or bool(found.why) == (len(found.paths) != 1)
    return found


def paths(telling: Telling, *edits: Edit) -> set[tuple[State, ...]]:
    return {possible.path for possible in inferred(telling, *edits).paths}


def true_path(telling: Telling) -> Possible:
    session = join(telling.scenario, telling.history).sessions["s1"]
    return Possible(session.path, session.aborted)


@pytest.mark.parametrize("name", [name for name in STORIES if name != "aborted"])
def test_the_usual_stories_leave_one_path(name: str) -> None:
    assert inferred(STORIES[name]()).paths == (true_path(STORIES[name]()),)


# What may be missing or different without making the story another one.
DISTURBED: dict[str, Edit] = {
    "as it was": lambda history: history,
    "no notices seen": drop(NoticeReceived),
    "no control plane seen": silent("control"),
    "network with a gap": add("network", Gap(reason="killed")),
    "unreadable": add(
        "network", Unreadable(recorder="rec1", connection="x", side="client", why="x")
    ),
    "end of the upload not seen": lambda h: drop(AnswerEnded)(drop(Disconnected)(h)),
    "disconnects not seen": drop(Disconnected),
    "no dial seen": drop(Dialled),
    "session not seen to end": lambda h: drop(ExitSeen)(drop(SessionClosed)(h)),
    "no exit status": drop(ExitSeen),
    "the user left at the end": add("user", HungUp(session="s1")),
    "late answers": later(AnswerBody, 31),
    "answers late by about the window": later(AnswerBody, 29),
    "nothing shown": drop(Shown),
    "another header": change(SessionOpened, {"command": "other"}),
}
ACTIONS = [BOTH, NEITHER, OnFailure(reject="Refused."), OnFailure(terminate="Lost.", notify=False)]


@given(
    name=st.sampled_from(sorted(STORIES)),
    disturbances=st.lists(st.sampled_from(sorted(DISTURBED)), max_size=3, unique=True),
    speaks=st.sampled_from(["v1", "v2"]),
)
def test_the_true_path_is_always_among_them(
    name: str, disturbances: list[str], speaks: str
) -> None:
    story = {} if name in ("lost_after_exit",) else {"speaks": speaks}
    telling = STORIES[name](**story)
    truth = true_path(telling)
    ended_well = S.STREAMING in truth.path and S.CONNECTION_LOST not in truth.path
    if ended_well and "late answers" in disturbances:
        return  # a client that waited so long reports a loss: this is not that story any more
    for disturbance in disturbances:
        try:
            telling = telling.but(DISTURBED[disturbance])
        except (AssertionError, StopIteration):
            continue  # there is nothing of it in this story
    found = inferred(telling)
    assert truth in found.paths
    assert found.illegal == ""


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", list(STORIES))
def test_an_action_that_calls_for_something_else_does_not_mislead(
    name: str, action: OnFailure
) -> None:
    """A server that does the wrong thing is not taken for one that does the right thing."""
    if name == "not_recorded":
        return
    telling = STORIES[name](on_failure=action)
    assert true_path(telling) in inferred(telling).paths


def test_a_wrong_notice_leaves_both() -> None:
    """After the exit nothing but the notice tells the two apart, and the action contradicts it."""
    other = change(NoticeReceived, {"body": b'{"EventType":3,"ConnectionID":"conn-1"}'})
    assert paths(lost_after_exit(), other) == {TERMINATED, CONTINUED}
    assert paths(lost_after_exit()) == {TERMINATED}


def test_without_a_notice_what_comes_after_the_exit_looks_alike() -> None:
    found = inferred(lost_after_exit(), drop(NoticeReceived))
    assert {possible.path for possible in found.paths} == {TERMINATED, CONTINUED}
    assert "no notice says which" in found.why
    assert "Connecting -> CheckPolicy" in found.why


def refused_dial(**story: object) -> Telling:
    """A recorder that refuses leaves nothing on the network."""
    return allowed(**story).but(drop(Dialled), drop(Disconnected))


def test_a_refused_dial_looks_like_no_recording_but_for_the_notice() -> None:
    assert paths(refused_dial()) == {ALLOWED}
    assert paths(refused_dial(), drop(NoticeReceived)) == {NOT_RECORDED, ALLOWED}
    quiet = OnFailure(notify=False)
    found = inferred(refused_dial(on_failure=quiet), drop(NoticeReceived))
    assert len(found.paths) == 2
    assert "whether a recorder was looked for" in found.why


def test_a_dial_shows_that_one_was_tried() -> None:
    assert paths(allowed(), drop(NoticeReceived)) == {ALLOWED}


def test_a_dial_against_the_action_leaves_both() -> None:
    dial = Dialled(recorder="rec1", connection="rec1#9", peer="x")
    assert paths(not_recorded(), add("network", dial)) == {NOT_RECORDED, ALLOWED}


def test_the_first_recorder_of_the_list_is_the_primary() -> None:
    assert paths(recorded()) == {COMPLETE}
    assert paths(failed_over()) == {FAILED_OVER}
    found = inferred(failed_over(), drop(Dialled, recorder="rec1"))
    assert {possible.path for possible in found.paths} == {COMPLETE, FAILED_OVER}
    assert "a recorder that refuses leaves no trace" in found.why


def test_without_an_action_nobody_knows_which_is_first() -> None:
    unknown = recorded().but(silent("control"), action=None)
    assert paths(unknown) == {COMPLETE, FAILED_OVER}


def test_a_recorder_listed_twice_may_have_failed_once() -> None:
    twice = recorded(record=("rec1", "rec1"))
    assert paths(twice) == {COMPLETE, FAILED_OVER}


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((), {COMPLETE}),
        ((change(AnswerBody, {"data": b'{"error":"no"}'}),), {TERMINATED, CONTINUED}),
        ((change(AnswerBody, {"data": b"garbage"}),), {TERMINATED, CONTINUED}),
        ((change(AnswerBody, {"data": b"[1]"}),), {TERMINATED, CONTINUED}),
        ((change(AnswerBody, {"data": b"[" * 100_000}),), {TERMINATED, CONTINUED}),
        ((drop(BodyEnded, stream=3), drop(AnswerEnded)), {TERMINATED, CONTINUED}),
        ((drop(AnswerEnded), drop(Disconnected)), {COMPLETE, TERMINATED, CONTINUED}),
        ((later(AnswerBody, 40),), {TERMINATED, CONTINUED}),
        ((later(AnswerBody, 28),), {COMPLETE, TERMINATED, CONTINUED}),
        ((later(AnswerBody, 20),), {COMPLETE}),
    ],
)
def test_the_end_of_the_upload_tells_whether_it_was_lost(
    edits: tuple[Edit, ...], expected: set[tuple[State, ...]]
) -> None:
    assert paths(recorded(), *edits) == expected


@pytest.mark.parametrize(
    ("frame", "expected"),
    [(b'{"ack":9}', {COMPLETE}), (b'{"error":"no"}', {TERMINATED, CONTINUED})],
)
def test_a_compressed_answer_is_read_for_what_it_says(
    frame: bytes, expected: set[tuple[State, ...]]
) -> None:
    packed = change(AnswerBody, {"data": gzip.compress(frame)})
    assert paths(recorded(), packed, change(Answered, {"coding": "gzip"}, stream=3)) == expected


def test_an_answer_that_crossed_the_end_of_the_body_tells_nothing() -> None:
    ended_first = Story()
    ended_first.connect()
    ended_first.taken("rec1")
    ended_first.note("network", AnswerEnded(**ended_first.upload))
    ended_first.body_ends()
    ended_first.gone("client", "fin")
    ended_first.told(0)
    assert paths(ended_first.end(COMPLETE)) == {COMPLETE, TERMINATED, CONTINUED}


def test_v1_is_lost_by_its_final_status_alone() -> None:
    v1 = recorded(speaks="v1")
    assert paths(v1) == {COMPLETE}
    assert paths(v1, change(Answered, {"status": 500}, status=200)) == {TERMINATED, CONTINUED}


def test_a_v1_client_that_hangs_up_on_the_text_of_a_200_may_have_lost_nothing() -> None:
    assert COMPLETE in paths(recorded(speaks="v1"), drop(AnswerEnded))


def test_a_network_that_was_not_seen_tells_nothing_of_the_upload() -> None:
    blind = add("network", Gap(reason="killed"))
    assert paths(recorded(), blind) >= {COMPLETE, TERMINATED, CONTINUED, FAILED_OVER}
    assert ALLOWED in paths(allowed(), blind)


def test_a_message_tells_what_happened() -> None:
    assert paths(terminated(), drop(NoticeReceived)) == {TERMINATED}
    assert paths(rejected(), drop(NoticeReceived), drop(Dialled)) == {REJECTED}


def test_output_beyond_the_recording_shows_that_the_session_went_on() -> None:
    assert paths(continued(), drop(NoticeReceived)) == {CONTINUED}
    silently = continued().but(drop(NoticeReceived), drop(Shown, data=b"two\n"))
    assert paths(silently) == {TERMINATED, CONTINUED}


def test_silence_leaves_refused_and_allowed() -> None:
    quiet = (drop(Shown), drop(NoticeReceived))
    assert {REJECTED, ALLOWED} <= paths(allowed(), *quiet)
    found = inferred(allowed(), *quiet)
    assert "neither a message nor output" in found.why
    # Status 0 without a message is no refusal.
    assert REJECTED not in paths(allowed(), *quiet, change(ExitSeen, {"status": 0}))


def test_who_leaves_sees_nothing_more() -> None:
    found = inferred(aborted())
    assert Possible(CHOOSING, aborted=True) in found.paths
    assert len(found.paths) > 1
    assert "the user left" in found.why
    # Someone who saw output did not leave while a recorder was being chosen.
    shown = inferred(aborted(), add("user", Shown(session="s1", data=b"one"), before=HungUp))
    assert not any(possible.aborted for possible in shown.paths)


def test_a_session_that_was_not_seen_to_end_may_be_anywhere() -> None:
    found = inferred(allowed(), drop(SessionClosed), drop(ExitSeen), drop(Shown))
    assert Possible(FAILED) in found.paths
    assert Possible(ALLOWED) in found.paths
    assert "not seen to end" in found.why
    still = inferred(
        recorded(), drop(SessionClosed), drop(ExitSeen), drop(AnswerEnded), drop(Disconnected)
    )
    assert Possible(STREAMING) in still.paths


def test_a_session_that_was_never_opened_has_no_path() -> None:
    found = inferred(recorded(), drop(SessionOpened))
    assert (found.paths, found.why) == ((), "the session was never opened")


def test_two_recordings_of_one_session_are_illegal() -> None:
    s = Story(recorders=("rec1", "rec2"), record=("rec1", "rec2"))
    s.connect()
    s.taken("rec1")
    s.taken("rec2")
    s.told(0)
    found = inferred(s.end(COMPLETE))
    assert found.paths == ()
    assert "started 2 times (by rec1, then rec2)" in found.illegal


def test_the_header_may_be_one_that_belongs_to_nobody() -> None:
    """There is only one session: whose else can the recording be?"""
    assert paths(recorded(), change(SessionOpened, {"command": "other"})) == {COMPLETE}


def test_an_upload_without_a_byte_may_have_been_given_up() -> None:
    silent_upload = recorded().but(drop(Handed))
    assert COMPLETE in paths(silent_upload)
    assert ALLOWED in paths(silent_upload)


def test_sessions_side_by_side() -> None:
    both = two_sessions()
    for name in ("s1", "s2"):
        assert [p.path for p in inferred(both, session=name).paths] == [COMPLETE]
    alike = two_sessions(same_output=True)
    for name in ("s1", "s2"):
        found = inferred(alike, session=name)
        assert Possible(COMPLETE) in found.paths
        assert len(found.paths) > 1


def test_dials_of_other_recorders_may_be_the_other_sessions() -> None:
    dial = Dialled(recorder="rec2", connection="rec2#9", peer="x")
    both = two_sessions().but(add("network", dial, before=Answered))
    assert {p.path for p in inferred(both, session="s2").paths} == {COMPLETE, FAILED_OVER}


def test_a_notice_of_a_shared_connection_is_anybodys() -> None:
    body = b'{"EventType":2,"ConnectionID":"conn-1"}'
    notice = add("control", NoticeReceived(path="/", body=body, status=201))
    found = inferred(two_sessions(), notice)
    assert [p.path for p in found.paths] == [COMPLETE]


def test_of_several_connections_a_notice_is_known_by_its_recording() -> None:
    apart = two_sessions(separate=True)
    body = b'{"EventType":2,"ConnectionID":"conn-2"}'
    notice = add("control", NoticeReceived(path="/", body=body, status=201))
    assert [p.path for p in inferred(apart, notice).paths] == [COMPLETE]
    nobody = apart.but(notice, drop(Handed))
    found = inferred(nobody)
    assert Possible(COMPLETE) in found.paths
    assert Possible(ALLOWED) in found.paths


@pytest.mark.parametrize("body", [b"hello", b"{}", b'{"x":' * 100_000, b'{"EventType":"2"}'])
def test_a_notice_that_cannot_be_read_says_nothing(body: bytes) -> None:
    assert paths(lost_after_exit(), change(NoticeReceived, {"body": body})) == {
        TERMINATED,
        CONTINUED,
    }


def test_a_disturbed_control_plane_says_nothing() -> None:
    plan = FaultPlan(fault="refused", node="control")
    assert paths(lost_after_exit().but(faults=(plan,))) == {TERMINATED, CONTINUED}


def test_sftp_is_not_recorded() -> None:
    s = Story(run="sftp")
    s.connect()
    s.show("file")
    s.told(None)
    assert paths(s.end(NOT_RECORDED)) == {NOT_RECORDED}


def test_which_notice_a_path_calls_for() -> None:
    due = {path: notice_due(path) for path in whole_paths()}
    assert due[COMPLETE] == due[NOT_RECORDED] == due[FAILED_OVER] == 0
    assert due[REJECTED] == 1
    assert due[TERMINATED] == 2
    assert due[ALLOWED] == due[CONTINUED] == 3


def test_the_connection_id_comes_from_the_server_or_the_recording() -> None:
    def of(telling: Telling) -> str:
        return connection_of(join(telling.scenario, telling.history).sessions["s1"])

    assert of(rejected()) == "conn-1"
    assert of(recorded().from_outside()) == "conn-1"
    assert of(rejected().from_outside()) == ""


def test_a_server_that_reports_is_not_second_guessed() -> None:
    telling = recorded()
    view = join(telling.scenario, telling.history)
    infer(view)
    assert view.sessions["s1"].inferred is None


def test_attempts_and_users_do_not_matter_here() -> None:
    assert paths(failed_over(), drop(Attempted)) == {FAILED_OVER}
    assert paths(recorded(), drop(UserConnected)) == {COMPLETE}
