"""Recordings, storage and privacy."""

from __future__ import annotations

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import (
    AnswerBody,
    AnswerEnded,
    BodyEnded,
    FaultApplied,
    GaveUp,
    Handed,
    HungUp,
    SecretSearched,
    SessionClosed,
    SessionOpened,
    Shown,
    Stored,
    Typed,
    UserConnected,
)
from conformance.judgement import Status
from conformance.scenario import FaultPlan, Pty, RecorderNode, Script
from tests.conformance.histories import (
    STREAMING,
    TERMINATE,
    Story,
    Telling,
    aborted,
    add,
    allowed,
    change,
    continued,
    drop,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
    terminated,
    two_sessions,
)

F, P, K, W, E = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN, Status.ERROR


BY_OPENSSH = change(UserConnected, {"program": "OpenSSH"})


def body(telling: Telling) -> bytes:
    return b"".join(e.what.data for e in telling.history if isinstance(e.what, Handed))


def without_stderr() -> Telling:
    """What came on stderr is shown, and not recorded."""
    telling = recorded()
    line = next(
        e.what.data
        for e in telling.history
        if isinstance(e.what, Handed) and b"oops" in e.what.data
    )
    whole = body(telling).replace(line, b"")
    return telling.but(
        drop(Handed, data=line),
        change(Stored, {"data": whole}),
        change(AnswerBody, {"data": msgspec.json.encode({"ack": len(whole)})}),
    )


def shows(text: str, stream: str = "stdout") -> Shown:
    return Shown(session="s1", data=text.encode(), stream=stream)


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("streaming-1", recorded(), P),
        ("streaming-1", recorded(run="shell", pty=True), P),
        ("streaming-1", recorded().but(add("user", shows("three\n"))), F),
        ("streaming-1", recorded().but(drop(Shown, data=b"one\n")), P),  # less was seen
        ("streaming-1", without_stderr(), P),
        ("streaming-1", continued(), None),
        ("streaming-1", recorded().but(add("user", HungUp(session="s1"))), P),
        ("streaming-1", recorded().but(drop(BodyEnded, stream=3), drop(AnswerEnded)), F),
        ("streaming-1", recorded().from_outside(), P),
        ("streaming-1", recorded().but(drop(SessionOpened)).from_outside(), None),
        ("streaming-2", recorded(), P),
        ("streaming-2", recorded().but(drop(Shown, data=b"one\n")), F),
        ("streaming-2", recorded().but(change(Shown, {"data": b"2\n"}, data=b"two\n")), F),
        ("streaming-2", continued(), P),
        ("streaming-2", terminated(), P),
        ("streaming-2", terminated().but(change(Shown, {"data": b"other\n"}, data=b"one\n")), F),
        ("streaming-2", terminated().from_outside(), P),
        ("streaming-2", recorded().but(add("user", HungUp(session="s1"))), P),
        (
            "streaming-2",
            recorded().but(
                add("user", HungUp(session="s1")),
                change(Shown, {"data": b"other\n"}, data=b"one\n"),
            ),
            F,
        ),
        (
            "streaming-2",
            recorded().but(add("user", GaveUp(session="s1", waiting_for="x"))),
            None,
        ),
        ("streaming-2", not_recorded(), None),
        ("streaming-2", two_sessions().from_outside(), P),
        ("streaming-3", recorded(), P),
        ("streaming-3", without_stderr(), W),
        ("streaming-3", recorded(run="shell", pty=True), None),
        ("streaming-3", recorded().but(drop(Shown, stream="stderr")), None),
    ],
)
def test_output(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_path_that_cannot_be_told_leaves_the_output_unjudged() -> None:
    telling = lost_after_exit().from_outside()
    open_end = telling.but(drop(AnswerEnded), drop(AnswerBody))
    twice = two_sessions(separate=True).from_outside().but(drop(BodyEnded), drop(AnswerEnded))
    assert status_of("streaming-1", twice.judged()) is K
    assert status_of("streaming-2", open_end.judged()) in (P, K)


def test_the_message_in_pieces_is_not_output() -> None:
    message = f"\r\n\r\n{TERMINATE}\r\n\r\n".encode()
    telling = terminated().but(
        change(Shown, {"data": message[3:]}, data=message),
        add(
            "user",
            Shown(session="s1", data=b"err" + message[:3], stream="stderr"),
            before=Shown,
            data=message[3:],
        ),
    )
    assert status_of("streaming-2", telling.judged()) is P


def stored(data: bytes, path: str = "nLAPTOP/2026-01-02T03:04:05Z.cast") -> Stored:
    return Stored(store="rec1", path=path, data=data)


WHOLE = body(recorded())
SCRIPTED = (RecorderNode(name="rec1", script=Script(does="no-final")),)


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("storage-1", recorded(), P),
        ("storage-1", terminated(), P),
        ("storage-1", recorded().but(change(Stored, {"data": WHOLE + b"x"})), F),
        ("storage-1", recorded().but(change(Stored, {"data": WHOLE[:-3] + b"?]\n"})), F),
        ("storage-1", recorded().but(drop(Stored)), None),
        ("storage-2", recorded(), P),
        ("storage-2", recorded().but(change(Stored, {"data": WHOLE[:-1]})), F),
        ("storage-2", recorded().but(drop(Stored)), F),
        ("storage-2", recorded().but(drop(Stored), recorders=SCRIPTED), F),  # as was expected
        (
            "storage-2",
            recorded()
            .but(drop(Stored), recorders=SCRIPTED)
            .expecting(recording="none", recorded_by=""),
            None,
        ),
        ("storage-2", terminated(), None),
        ("storage-2", terminated().but(drop(Stored)), None),  # killed before it had anything
        ("storage-2", terminated().expecting(recorded_by="rec2"), F),
        ("storage-2", recorded().expecting(recorded_by="rec2"), F),
        ("storage-2", recorded().but(expect=()), P),
        ("storage-2", allowed().expecting(recording="prefix", recorded_by="rec1"), F),
        ("storage-2", terminated().but(expect=()), K),
        ("storage-3", recorded(), P),
        ("storage-3", recorded().but(add("storage", stored(WHOLE))), F),
        ("storage-4", recorded(), P),
        ("storage-4", recorded().but(change(Stored, {"path": "a/b/2026-01-02T03:04:05Z.cast"})), F),
        ("storage-4", recorded().but(change(Stored, {"path": "nLAPTOP/now.cast"})), F),
        ("storage-4", recorded().but(change(Stored, {"path": "n/2026-01-02T03:04:05Z.cast"})), P),
        ("storage-5", recorded(), P),
        ("storage-5", lost_after_exit(), None),
        ("storage-5", lost_after_exit().but(drop(FaultApplied), faults=()), F),
        ("storage-5", rejected(), None),
        ("storage-5", aborted(), None),
    ],
)
def test_storage(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_recording_without_its_header_is_found_nowhere() -> None:
    head = recorded().but(change(Handed, {"data": b"no newline"}))
    assert status_of("storage-1", head.judged()) is None


def test_a_header_cut_off_is_stored_nowhere() -> None:
    s = Story()
    s.connect()
    s.taken("rec1")
    telling = s.end(STREAMING, recording="prefix", recorded_by="rec1")
    first = next(e.what.data for e in telling.history if isinstance(e.what, Handed))
    cut = telling.but(change(Handed, {"data": first[:-1]}), add("storage", stored(first[:-1])))
    assert status_of("storage-1", cut.judged()) is None


def test_lines_of_another_recording_are_foreign() -> None:
    both = two_sessions(separate=True)
    bodies = [e.what.data for e in both.history if isinstance(e.what, Handed)]
    mixed = bodies[0] + bodies[1].splitlines(keepends=True)[1]
    telling = both.but(add("storage", stored(mixed)), add("storage", stored(bodies[1])))
    judgement = telling.judged()
    assert status_of("storage-3", judgement) is F
    assert any("lines of another" in finding.message for finding in judgement.findings)


def test_nobody_looked_into_the_storage_of_a_recorder_that_does_not_speak() -> None:
    history = tuple(
        event for event in drop(Stored)(recorded().history) if event.observer != "recorder/rec1"
    )
    assert status_of("storage-2", judge(None, history)) is K


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (None, P),
        (WHOLE.replace(b'"version":2', b'"version":"2"'), F),
        (WHOLE + b"[1]\n", F),
    ],
)
def test_recordings_are_validated_as_they_were_handed_over(
    data: bytes | None, status: Status
) -> None:
    telling = recorded()
    if data is not None:
        s = Story()
        s.connect()
        s.taken("rec1")
        s.hand(data[len(s.body) :] if data.startswith(s.body) else b"[1]\n")
        s.body_ends()
        s.answer_ends()
        telling = s.end(STREAMING)
    statuses = {f.status for f in telling.judged().findings if f.clause.startswith(("rec", "eve"))}
    assert (F in statuses) == (status is F)


def test_lines_may_be_as_long_as_the_scenario_says() -> None:
    longest = max(map(len, body(recorded()).splitlines()))
    assert status_of("file-9", recorded().but(line_limit=longest).judged()) is P
    assert status_of("file-9", recorded().but(line_limit=longest - 1).judged()) is F


def test_a_recording_without_a_byte_is_the_clients_and_not_the_recorders() -> None:
    empty = recorded().but(drop(Handed), change(Stored, {"data": b""}))
    judgement = empty.judged()
    assert status_of("file-8", judgement) is F
    broken = {f.clause for f in judgement.findings if f.status in (F, W)}
    assert not {clause for clause in broken if clause.startswith("storage-")}
    # One that was never ended may have been lost before its first byte.
    assert status_of("file-8", empty.but(drop(BodyEnded)).judged()) is None


@pytest.mark.parametrize(
    ("line", "status"), [(b'[0.5,"o","x"]\n[0.6,"o', P), (b'[0.5,"o","x"]\n\n', P), (b"oh\n", W)]
)
def test_up_to_its_last_whole_line_a_recording_that_was_cut_off_is_valid(
    line: bytes, status: Status
) -> None:
    telling = terminated()
    begun = next(e.what for e in telling.history if isinstance(e.what, Handed))
    cut = telling.but(change(Handed, {"data": begun.data + line}, data=begun.data))
    cut = cut.but(drop(Handed, data=cut_rest(telling)))
    assert status_of("file-12", cut.judged()) is status
    assert status_of("file-12", recorded().judged()) is None


def cut_rest(telling: Telling) -> bytes:
    """Return what was handed over last."""
    return [e.what.data for e in telling.history if isinstance(e.what, Handed)][-1]


def test_a_recording_that_was_cut_off_is_validated_to_its_last_whole_line() -> None:
    s = Story()
    s.connect()
    s.taken("rec1")
    s.hand(b'[0.1, "o", "cut o')
    judgement = s.end(STREAMING).judged()
    assert not [f for f in judgement.findings if "line 2" in " ".join(f.evidence)]
    whole = Story()
    whole.connect()
    whole.taken("rec1")
    whole.hand(b'[0.1, "o", "cut o')
    whole.body_ends()
    judgement = whole.end(STREAMING).judged()
    assert [f for f in judgement.findings if "line 2" in " ".join(f.evidence)]


# --- privacy -------------------------------------------------------------------------------------

EVERYWHERE = ("recordings", "stored", "control", "shown", "logs")


def typed(secret: str = "pin") -> Typed:
    return Typed(session="s1", digest="sha256:0", length=9, secret=secret)


def searched(secret: str, *found: str, where: tuple[str, ...] = EVERYWHERE) -> SecretSearched:
    return SecretSearched(secret=secret, where=where, found=found)


@pytest.mark.parametrize(
    ("clause", "events", "status"),
    [
        ("privacy-1", [], None),
        ("privacy-1", [typed("")], None),
        ("privacy-1", [typed(), searched("pin")], P),
        ("privacy-1", [typed(), searched("pin", "logs")], F),
        ("privacy-1", [typed()], E),
        ("privacy-1", [typed(), searched("pin", where=("logs",))], E),
        ("privacy-1", [searched("never typed", "logs")], None),
        ("privacy-2", [searched("output", "recordings", "shown")], P),
        ("privacy-2", [searched("output", "control")], F),
        ("privacy-2", [], None),
    ],
)
def test_canaries(clause: str, events: list[Typed | SecretSearched], status: Status | None) -> None:
    telling = recorded()
    for event in events:
        telling = telling.but(add("user" if isinstance(event, Typed) else "world", event))
    assert status_of(clause, telling.judged()) is status


def test_a_fault_on_the_plan_excuses_the_recorder() -> None:
    plan = FaultPlan(fault="slow", node="rec1")
    assert status_of("storage-5", recorded().but(faults=(plan,)).judged()) is None


def test_the_order_of_two_streams_cannot_be_told_from_behind_a_process() -> None:
    judgement = recorded().but(BY_OPENSSH).judged()
    for clause in ("streaming-1", "streaming-2", "streaming-3"):
        said = {f.status for f in judgement.findings if f.clause == clause}
        assert said == {K}, clause
    assert not {"streaming-2", "streaming-3"} & set(judgement.clauses)
    # However they interleaved, what was shown on one of them must be there.
    more = Shown(session="s1", data=b"never recorded\n")
    lacking = recorded().but(add("user", more, before=SessionClosed), BY_OPENSSH)
    assert status_of("streaming-1", lacking.judged()) is F


def test_one_stream_alone_is_judged_as_ever_from_behind_a_process() -> None:
    judgement = recorded(pty=Pty()).but(BY_OPENSSH).judged()
    assert status_of("streaming-1", judgement) is P
    assert status_of("streaming-2", judgement) is P
