from __future__ import annotations

import msgspec
import pytest

from conformance.history import (
    BodyEnded,
    BodyStarted,
    CommandExited,
    CommandStarted,
    Disconnected,
    End,
    ExitSeen,
    FaultApplied,
    GaveUp,
    History,
    HungUp,
    Late,
    Left,
    RelayPaused,
    RelayResumed,
    SessionClosed,
    SessionOpened,
    Shown,
    UserConnected,
)
from conformance.judgement import Status
from conformance.machine import State
from tests.conformance.histories import (
    BOTH,
    CHOOSING,
    NEITHER,
    REJECT,
    STREAMING,
    TERMINATE,
    Edit,
    Story,
    Telling,
    aborted,
    add,
    allowed,
    change,
    continued,
    drop,
    later,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
    terminated,
)

S = State
F, P, K, W, E = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN, Status.ERROR
BY_OPENSSH = change(UserConnected, {"program": "OpenSSH"})
MESSAGE = f"\r\n\r\n{TERMINATE}\r\n\r\n".encode()


def more(text: str, stream: str = "stdout") -> Shown:
    return Shown(session="s1", data=text.encode(), stream=stream)


def unlike(telling: Telling, *edits: Edit) -> Telling:
    """A server that is not ours ended the recording itself, and did something else, too."""
    where = next(e.what for e in telling.history if isinstance(e.what, BodyStarted))
    ended = BodyEnded(recorder="rec1", connection=where.connection, stream=where.stream)
    return telling.but(*edits, add("network", ended)).from_outside()


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("streaming-5", recorded(), P),
        ("streaming-5", recorded().expecting(shows=("three",)), F),
        ("streaming-5", recorded().expecting(hides=("one",)), F),
        ("streaming-5", recorded().expecting(exit=1), F),
        ("streaming-5", recorded().expecting(exit="none"), P),
        ("streaming-5", recorded().but(drop(ExitSeen)), F),
        ("streaming-5", recorded().but(drop(ExitSeen)).expecting(exit="none"), P),
        ("streaming-5", recorded().but(add("user", GaveUp(session="s1", waiting_for="x"))), F),
        ("streaming-5", recorded().but(expect=()), K),
        ("streaming-5", lost_after_exit().expecting(exit=0), P),
        ("streaming-5", lost_after_exit().but(drop(FaultApplied), faults=()), K),
        ("failure-1", rejected(), P),
        ("failure-1", rejected().expecting(hides=("Refused",)), F),
        ("failure-1", rejected().but(change(ExitSeen, {"status": 0})), F),
        ("failure-1", rejected().but(drop(ExitSeen)), F),
        ("failure-1", rejected().but(change(Shown, {"data": REJECT.encode()})), F),
        ("failure-1", rejected().but(change(Shown, {"stream": "stderr"})), F),
        ("failure-1", rejected().but(add("user", more("one"))), F),
        (
            "failure-1",
            rejected().but(add("server", CommandStarted(session="conn-1/0", recorded=False))),
            F,
        ),
        ("failure-1", rejected().from_outside(), P),
        ("failure-1", rejected().but(change(ExitSeen, {"status": 0})).from_outside(), F),
        ("failure-4", rejected(), P),
        ("failure-4", rejected().but(change(ExitSeen, {"status": 1})), W),
        ("failure-4", rejected().but(drop(ExitSeen)), None),
        ("failure-4", rejected().but(change(ExitSeen, {"status": 1})).from_outside(), W),
        ("failure-5", allowed(), P),
        ("failure-5", allowed().but(change(ExitSeen, {"status": 0})), F),
        ("failure-5", allowed().but(drop(CommandStarted)), F),
        ("failure-5", allowed().but(drop(CommandExited)), F),
        ("failure-5", allowed().but(drop(Shown)), F),
        ("failure-5", allowed().but(add("user", GaveUp(session="s1", waiting_for="x"))), F),
        ("failure-5", allowed().but(add("user", HungUp(session="s1"))), None),
        ("failure-5", allowed().but(expect=()), P),
        ("failure-5", allowed().from_outside(), P),
        ("failure-5", allowed().but(drop(ExitSeen)).from_outside(), F),
        ("failure-5", allowed(on_failure=BOTH), None),  # then it should have been rejected
        ("failure-5", recorded(), None),
        ("failure-5", aborted(), None),
    ],
)
def test_at_the_start(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_message_shown_in_a_session_that_goes_on_is_no_secret() -> None:
    """Fails open, and yet the user sees the message of the other moment."""
    only_terminate = msgspec.structs.replace(NEITHER, terminate=TERMINATE)
    telling = allowed(on_failure=only_terminate)
    assert status_of("failure-5", telling.judged()) is P
    shown = telling.but(add("user", more(TERMINATE)))
    assert status_of("failure-5", shown.judged()) is F


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("failure-2", terminated(), P),
        ("failure-2", terminated().but(drop(Shown, stream="stderr")), F),
        ("failure-2", terminated().but(change(Shown, {"stream": "stdout"})), F),
        ("failure-2", terminated().but(add("user", more("later\n"))), F),
        ("failure-2", terminated().but(change(ExitSeen, {"status": 0})), F),
        ("failure-2", terminated().but(drop(ExitSeen)).expecting(exit="none"), P),
        ("failure-2", terminated().but(drop(SessionClosed)), F),
        ("failure-2", terminated().but(add("user", HungUp(session="s1"))), P),
        ("failure-2", terminated().from_outside(), P),
        ("failure-2", terminated().but(add("user", more("x"))).from_outside(), F),
        # Another's server that says it elsewhere, or not at all, hides its path; not what it owes.
        ("failure-2", unlike(terminated(), change(Shown, {"stream": "stdout"})), F),
        ("failure-2", unlike(terminated(), drop(Shown, stream="stderr")), F),
        ("failure-2", unlike(terminated(), drop(Shown, stream="stderr")).expecting(exit=0), K),
        ("failure-2", lost_after_exit(), None),
        ("failure-2", lost_after_exit().from_outside(), K),
        ("failure-7", terminated(), P),
        ("failure-7", terminated().but(drop(Left)), F),
        ("failure-7", terminated().but(drop(CommandExited)), F),
        ("failure-7", terminated().from_outside(), K),
        ("failure-6", continued(), P),
        ("failure-6", continued().but(change(ExitSeen, {"status": 255})), F),
        ("failure-6", continued().but(drop(Shown, data=b"two\n")), F),
        ("failure-6", continued().but(add("user", HungUp(session="s1"))), None),
        ("failure-6", continued().from_outside(), P),
        ("failure-8", lost_after_exit(), P),
        ("failure-8", lost_after_exit().but(change(ExitSeen, {"status": 255})), F),
        ("failure-8", lost_after_exit().but(drop(ExitSeen)), F),
        ("failure-8", lost_after_exit().from_outside(), K),
        ("failure-8", terminated().from_outside(), K),
        ("failure-8", terminated(), None),
        ("failure-8", recorded(), None),
    ],
)
def test_while_streaming(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_command_killed_by_a_signal_has_no_status_of_its_own() -> None:
    killed = allowed().but(change(CommandExited, {"status": -15})).expecting(exit="nonzero")
    assert status_of("failure-5", killed.judged()) is P
    assert status_of("failure-5", killed.but(drop(ExitSeen)).judged()) is F


# --- recorded before shown ------------------------------------------------------------------------


def shown_first(seconds: float | None, *, paused: bool = False) -> Telling:
    """The second line is shown before it is handed over, or is never handed over."""
    s = Story()
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    connection = str(s.upload["connection"])
    if paused:
        s.note("user", RelayPaused(connection=connection))
        s.note("user", RelayPaused(connection="other#1"))
    s.show("two\n")
    if seconds is not None:
        s.wait(seconds)
        s.hand(b'[1.0, "o", "two\\n"]\n')
    if paused:
        s.note("user", RelayResumed(connection=connection))
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    return s.end((*STREAMING, S.SESSION_COMPLETE), recording="complete", recorded_by="rec1")


def _later(history: History) -> History:
    """Let all that the user saw from the second line on come a second later."""
    at = next(e.at for e in history if isinstance(e.what, Shown) and e.what.data == b"two\n")
    return tuple(
        msgspec.structs.replace(e, at=e.at + 10**9) if e.observer == "user" and e.at >= at else e
        for e in history
    )


def _late_before(history: History) -> History:
    """Let the thread that reads be late seconds before anything is shown."""
    opened = next(e.at for e in history if isinstance(e.what, SessionOpened))
    return _with_late(history, opened)


def _late_after(history: History) -> History:
    """Let the thread that reads be late seconds after all was shown."""
    ended = later(End, 5)(history)
    return _with_late(ended, max(e.at for e in ended if e.observer == "user"))


def _with_late(history: History, at: int) -> History:
    mine = [e for e in history if e.observer == "user"]
    late = msgspec.structs.replace(mine[0], at=at, what=Late(by=10**9, loop="wire"))
    told = sorted((*mine, late), key=lambda e: (e.at, isinstance(e.what, End)))
    numbered = (msgspec.structs.replace(e, seq=number) for number, e in enumerate(told))
    return (*(e for e in history if e.observer != "user"), *numbered)


LEFT = Disconnected(recorder="rec1", connection="rec1#0", by="recorder", how="fin")
SHOWN_LATER = (add("user", more("two\n"), before=Shown, data=MESSAGE), _later)


@pytest.mark.parametrize(
    ("telling", "status"),
    [
        (recorded(), P),
        (terminated(), P),
        (recorded().from_outside(), P),
        (recorded(on_failure=NEITHER), None),
        (not_recorded(), None),
        (shown_first(1), F),
        (shown_first(None), F),
        (shown_first(0.01), E),  # nearer together than the order can be told
        (shown_first(1, paused=True), P),
        (shown_first(None, paused=True), F),
        (recorded().but(add("user", Late(by=10**9, loop="wire"))), E),
        (recorded().but(add("user", Late(by=10**9, loop="engine"))), P),
        # We were late long before anything was shown, or long after.
        (
            recorded().but(later(Shown, 5), add("user", Late(by=10**9, loop="wire"), before=Shown)),
            E,
        ),
        (recorded().but(later(Shown, 5), _late_before), P),
        (recorded().but(_late_after), P),
        (terminated().but(add("user", more("two\n"), before=ExitSeen)), F),
        # Shown just when the recorder broke off it may have been under way, a second later not.
        (terminated().but(add("user", more("two\n"), before=Shown, data=MESSAGE)), E),
        (terminated().but(*SHOWN_LATER), F),
        (
            shown_first(None).but(add("network", LEFT, before=Disconnected)),
            F,
        ),  # the body had ended before it broke off
        (recorded().but(BY_OPENSSH), K),
        (shown_first(1).but(BY_OPENSSH), F),
        (shown_first(None).but(BY_OPENSSH), F),
        (recorded(on_failure=NEITHER).but(BY_OPENSSH), None),
    ],
)
def test_recorded_before_shown(telling: Telling, status: Status | None) -> None:
    assert status_of("failure-3", telling.judged()) is status


def test_what_comes_after_the_message_cannot_be_told_from_behind_a_process() -> None:
    late = terminated().but(add("user", more("one\n"), before=ExitSeen))
    assert status_of("failure-2", late.judged()) is F
    skipped = [f for f in late.but(BY_OPENSSH).judged().findings if f.clause == "failure-2"]
    assert [f.status for f in skipped] == [K]
    unsaid = terminated().but(drop(Shown, data=MESSAGE), BY_OPENSSH)
    assert status_of("failure-2", unsaid.judged()) is F


def test_the_message_may_come_in_pieces() -> None:
    whole = terminated()
    split = whole.but(
        change(Shown, {"data": MESSAGE[7:]}, data=MESSAGE),
        add(
            "user",
            Shown(session="s1", data=MESSAGE[:7], stream="stderr"),
            before=Shown,
            data=MESSAGE[7:],
        ),
    )
    judgement = split.judged()
    assert status_of("failure-3", judgement) is P
    assert status_of("failure-2", judgement) is P
    assert judgement.status is P
