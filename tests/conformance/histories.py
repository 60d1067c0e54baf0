"""Small histories made by hand: what every observer would have seen of a short session.

`Story` writes one down event by event. The functions below tell the usual stories, each sound from
end to end. `drop`, `change`, `add` and `again` break one thing in a history and leave the rest as
it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Literal

import msgspec

from conformance.checking import judge
from conformance.history import (
    Aborted,
    ActionServed,
    Addressed,
    AnswerBody,
    Answered,
    AnswerEnded,
    Attempted,
    BodyEnded,
    BodyStarted,
    CommandExited,
    CommandStarted,
    Dialled,
    Disconnected,
    End,
    Entered,
    Event,
    ExitSeen,
    FaultApplied,
    Handed,
    History,
    HungUp,
    Kind,
    Left,
    Log,
    NoticeReceived,
    Played,
    PolicyApplied,
    RecorderListening,
    Requested,
    ServerSession,
    SessionClosed,
    SessionOpened,
    Shown,
    Stored,
    UserConnected,
)
from conformance.judgement import Judgement, Status, worst
from conformance.machine import State
from conformance.scenario import (
    Action,
    Expectation,
    ExpectedAttempt,
    FaultPlan,
    OnFailure,
    Pty,
    RecorderNode,
    Scenario,
    UserSession,
)
from conformance.wire import (
    V1_RECORD,
    V2_RECORD,
    Attempt,
    CastHeader,
    Notice,
    OnRecordingFailure,
    SSHAction,
)

S = State
MS = 1_000_000
REJECT, TERMINATE = "Refused.", "Lost."
COMMAND = "run"
CHOOSING = (S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY)
FAILED = (*CHOOSING, S.TRY_FAILOVER, S.RECORDING_FAILED)
STREAMING = (*CHOOSING, S.CONNECTED, S.STREAMING)
BOTH = OnFailure(reject=REJECT, terminate=TERMINATE)
NEITHER = OnFailure()
SETTLED = "2026-01-02T03:04:05"


class Telling(msgspec.Struct, frozen=True):
    """A scenario with a history of it."""

    scenario: Scenario
    history: History

    def judged(self) -> Judgement:
        """Judge it."""
        return judge(self.scenario, self.history)

    def but(self, *edits: Callable[[History], History], **scenario: Any) -> Telling:
        """Return it with edits made to the history, and fields of the scenario replaced."""
        history = self.history
        for edit in edits:
            history = edit(history)
        return Telling(msgspec.structs.replace(self.scenario, **scenario), history)

    def expecting(self, **fields: Any) -> Telling:
        """Return it with fields of the first expectation replaced."""
        first = msgspec.structs.replace(self.scenario.expect[0], **fields)
        return self.but(expect=(first, *self.scenario.expect[1:]))

    def from_outside(self) -> Telling:
        """Return it as it is where the SSH server reports nothing."""
        return self.but(silent("server"))


def status_of(clause: str, judgement: Judgement) -> Status | None:
    """Return what came of one clause: None when nothing was said of it at all."""
    found = [finding.status for finding in judgement.findings if finding.clause == clause]
    if clause in judgement.clauses:
        found.append(Status.PASS)
    return worst(found) if found else None


class Story:
    """Writes down what happened. Every event is a millisecond after the one before it."""

    def __init__(
        self,
        *,
        recorders: Sequence[str] = ("rec1",),
        on_failure: OnFailure | None = BOTH,
        record: Sequence[str] | None = ("rec1",),
        speaks: Literal["v2", "v1"] = "v2",
        run: Literal["shell", "exec", "sftp"] = "exec",
        pty: bool = False,
        speed: int = 1,
    ) -> None:
        self.events: list[Event] = []
        self.now = 0
        self.recorders = tuple(recorders)
        self.action = (
            Action(record=tuple(record), on_failure=on_failure) if record is not None else Action()
        )
        self.speaks = speaks
        self.run = run
        self.pty = Pty() if pty else None
        self.body = b""
        self.attempts: list[Attempt] = []
        self._logs: dict[str, Log] = {}
        self._numbers = count()
        self._begin(speed)

    def note(self, observer: str, what: Kind) -> None:
        """Write down one event."""
        log = self._logs.setdefault(observer, Log(observer, self._clock, self.events.append))
        log.note(what)

    def _clock(self) -> int:
        self.now += MS
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += int(seconds * 1000) * MS

    def _begin(self, speed: int) -> None:
        self.note("world", Played(scenario="t/one", world="live", seed=0, speed=speed))
        for name in self.recorders:
            self.note(f"recorder/{name}", RecorderListening(address="127.0.0.9:80"))
            self.note("world", Addressed(node=name, address=address(name)))

    def wire_action(self) -> SSHAction:
        """Return the action as the control plane sends it."""
        record, failure = self.action.record, self.action.on_failure
        return SSHAction(
            accept=True,
            recorders=None if record is None else tuple(map(address, record)),
            on_recording_failure=None
            if failure is None
            else OnRecordingFailure(
                reject_session_with_message=failure.reject,
                terminate_session_with_message=failure.terminate,
                notify_url="https://unused/notify" if failure.notify else "",
            ),
        )

    def connect(self) -> None:
        """The user connects and asks for a session; the server looks up the policy."""
        self.note("user", UserConnected(connection="c1", peer="127.0.0.1:5000"))
        self.note(
            "user",
            SessionOpened(
                session="s1",
                connection="c1",
                channel=0,
                shell=self.run,
                command=COMMAND if self.run == "exec" else "",
                pty=self.pty is not None,
                width=self.pty.width if self.pty else 0,
                height=self.pty.height if self.pty else 0,
                term=self.pty.term if self.pty else "",
            ),
        )
        action = self.wire_action()
        self.note(
            "control",
            ActionServed(peer="127.0.0.1", destination="prod-1", ssh_user="alice", action=action),
        )
        self.note(
            "server",
            ServerSession(
                session="conn-1/0",
                peer="127.0.0.1:5000",
                channel=0,
                connection_id="conn-1",
                ssh_user="alice",
                local_user="alice",
                shell=self.run,
                command=COMMAND if self.run == "exec" else "",
            ),
        )
        self.note("server", PolicyApplied(session="conn-1/0", action=action))

    def enter(self, *states: State, why: str = "") -> None:
        """The server says that the session entered these states, and why it did the first."""
        for state in states:
            self.note("server", Entered(session="conn-1/0", state=state, why=why))

    def dial(self, recorder: str) -> str:
        """The server dials a recorder; returns the connection's name."""
        name = f"{recorder}#{next(self._numbers)}"
        self.note("network", Dialled(recorder=recorder, connection=name, peer="127.0.0.2:6000"))
        return name

    def request(
        self, connection: str, stream: int, method: str, path: str, http: str, *answers: int
    ) -> None:
        """A request passes, and is answered with these statuses."""
        where: dict[str, Any] = {"recorder": connection.partition("#")[0], "connection": connection}
        v1: dict[str, Any] = {"expect_continue": True, "chunked": True} if http == "1.1" else {}
        head: dict[str, Any] = {"method": method, "path": path, "http": http, **v1}
        self.note("network", Requested(**where, stream=stream, **head))
        for status in answers:
            self.note("network", Answered(**where, stream=stream, status=status))

    def attempt(self, recorder: str, failure: str = "") -> None:
        """The server says how an attempt ended."""
        self.attempts.append(Attempt(address(recorder), failure))
        self.note(
            "server",
            Attempted(session="conn-1/0", recorder=address(recorder), failure=failure),
        )

    def refused(self, recorder: str) -> None:
        """A recorder answers the probe, and refuses the recording."""
        name = self.dial(recorder)
        self.request(name, 1, "HEAD", V2_RECORD, "2", 200)
        self.request(name, 3, "POST", V2_RECORD, "2", 503)
        self.note(
            "network", Disconnected(recorder=recorder, connection=name, by="client", how="fin")
        )
        self.attempt(recorder, "answered 503")

    def taken(self, recorder: str) -> None:
        """A recorder takes the recording; the header is sent, and the command runs."""
        name = self.dial(recorder)
        if self.speaks == "v2":
            self.request(name, 1, "HEAD", V2_RECORD, "2", 200)
            self.request(name, 3, "POST", V2_RECORD, "2", 200)
        else:
            self.request(name, 1, "HEAD", V2_RECORD, "2", 404)
            name = self.dial(recorder)
            self.request(name, 1, "POST", V1_RECORD, "1.1", 100)
        self.upload: dict[str, Any] = {
            "recorder": recorder,
            "connection": name,
            "stream": 3 if self.speaks == "v2" else 1,
        }
        self.attempt(recorder)
        self.enter(S.CONNECTED, S.STREAMING)
        self.note("network", BodyStarted(**self.upload))
        self.hand(header(self.pty, self.run))
        self.start(recorded=True)

    def hand(self, data: bytes) -> None:
        """Recording bytes leave for the recorder."""
        self.body += data
        self.note("user", Handed(**self.upload, data=data))

    def start(self, *, recorded: bool) -> None:
        """The command runs."""
        self.note("server", CommandStarted(session="conn-1/0", recorded=recorded))

    def show(self, text: str, stream: str = "stdout") -> None:
        """The user sees something."""
        self.note("user", Shown(session="s1", data=text.encode(), stream=stream))

    def write(self, text: str, stream: str = "stdout") -> None:
        """The command writes: it is recorded, then shown."""
        self.hand(msgspec.json.encode((self.now / 1e9, "o", text)) + b"\n")
        self.show(text, stream)

    def ack(self) -> None:
        """The recorder acks all that it has."""
        data = msgspec.json.encode({"ack": len(self.body)}) + b"\n"
        self.note("network", AnswerBody(**self.upload, data=data))

    def answer(self, data: bytes) -> None:
        """The recorder answers something else than an ack."""
        self.note("network", AnswerBody(**self.upload, data=data))

    def exited(self, status: int = 0) -> None:
        """The command ends."""
        self.note("server", CommandExited(session="conn-1/0", status=status))

    def told(self, status: int | None) -> None:
        """The user is told how it ended, and the session is closed."""
        if status is not None:
            self.note("user", ExitSeen(session="s1", status=status))
        self.note("user", SessionClosed(session="s1"))

    def body_ends(self) -> None:
        """The client ends the recording."""
        self.note("network", BodyEnded(**self.upload))

    def answer_ends(self) -> None:
        """The recorder ends its answer with success."""
        if self.speaks == "v2":
            self.ack()
        else:
            self.note("network", Answered(**self.upload, status=200))
        self.note("network", AnswerEnded(**self.upload))
        self.gone("client", "fin")

    def strike(self) -> None:
        """A fault hits the first recorder."""
        self.note("faults", FaultApplied(fault="killed", node="rec1"))

    def gone(self, by: str, how: str) -> None:
        """The upload's connection is gone."""
        where = {key: self.upload[key] for key in ("recorder", "connection")}
        self.note("network", Disconnected(**where, by=by, how=how))

    def notice(self, kind: int, loss: str = "") -> None:
        """A failure notice arrives."""
        attempts = list(self.attempts)
        if loss:
            attempts[-1] = Attempt(attempts[-1].recorder, loss)
        body = Notice(
            event_type=kind,
            connection_id="conn-1",
            cap_version=1,
            node_key="nodekey:0",
            src_node=101,
            ssh_user="alice",
            local_user="alice",
            recording_attempts=tuple(attempts),
        )
        data = msgspec.json.encode(body)
        self.note("control", NoticeReceived(path="/notify", body=data, status=201))

    def store(self, recorder: str, data: bytes | None = None) -> None:
        """The recording lies in storage."""
        path = f"nLAPTOP/{SETTLED}.{len(self.events)}Z.cast"
        stored = self.body if data is None else data
        self.note("storage", Stored(store=recorder, path=path, data=stored))

    def leave(self) -> None:
        """Everything of the session is over on the server."""
        self.note("server", Left(session="conn-1/0"))

    def end(self, path: Sequence[State], **expect: Any) -> Telling:
        """All observers end their part; returns the telling, with what must hold."""
        for observer in ("user", "network", "faults", "storage", "server", "control", "world"):
            self.note(observer, End())
        for name in self.recorders:
            self.note(f"recorder/{name}", End())
        expect.setdefault("attempts", _expected(self.attempts))
        return Telling(
            Scenario(
                id="t/one",
                title="one session",
                recorders=tuple(RecorderNode(name=n, speaks=self.speaks) for n in self.recorders),
                action=self.action,
                sessions=(
                    UserSession(
                        name="s1",
                        run=self.run,
                        command=COMMAND if self.run == "exec" else "",
                        pty=self.pty,
                    ),
                ),
                expect=(Expectation(session="s1", path=tuple(path), **expect),),
            ),
            tuple(self.events),
        )


def _expected(attempts: Sequence[Attempt]) -> tuple[ExpectedAttempt, ...]:
    return tuple(
        ExpectedAttempt(recorder=a.recorder.partition(":")[0], failed=bool(a.failure_message))
        for a in attempts
    )


def address(recorder: str) -> str:
    """Return the tailnet address of a recorder."""
    return f"{recorder}:80"


def header(pty: Pty | None, run: str = "exec") -> bytes:
    """Return the header line of the session's recording."""
    head = CastHeader(
        version=2,
        width=pty.width if pty else 0,
        height=pty.height if pty else 0,
        timestamp=1_767_323_045,
        env={"TERM": pty.term if pty else "xterm-256color"},
        command=COMMAND if run == "exec" else "",
        src_node="laptop.example.ts.net",
        src_node_id="nLAPTOP",
        src_node_user_id=7,
        src_node_user="alice@example.com",
        ssh_user="alice",
        local_user="alice",
        connection_id="conn-1",
    )
    return msgspec.json.encode(head) + b"\n"


# --- the usual stories --------------------------------------------------------------------------


def recorded(**story: Any) -> Telling:
    """A session is recorded to its end."""
    s = Story(**story)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.write("two\n")
    if s.pty is None:
        s.write("oops\n", "stderr")
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    return s.end(
        (*STREAMING, S.SESSION_COMPLETE),
        shows=("one", "two"),
        recording="complete",
        recorded_by="rec1",
    )


def failed_over(**story: Any) -> Telling:
    """The first recorder refuses, the second records."""
    s = Story(**{"recorders": ("rec1", "rec2"), "record": ("rec1", "rec2"), **story})
    s.connect()
    s.enter(*CHOOSING)
    s.refused("rec1")
    s.enter(S.TRY_FAILOVER)
    s.taken("rec2")
    s.write("one\n")
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec2")
    path = (*CHOOSING, S.TRY_FAILOVER, S.CONNECTED, S.STREAMING, S.SESSION_COMPLETE)
    return s.end(path, shows=("one",), recording="complete", recorded_by="rec2")


def rejected(**story: Any) -> Telling:
    """No recorder takes the recording, and the session is refused."""
    s = Story(**{"recorders": ("rec1", "rec2"), "record": ("rec1", "rec2"), **story})
    s.connect()
    s.enter(*CHOOSING)
    s.refused("rec1")
    s.enter(S.TRY_FAILOVER)
    s.refused("rec2")
    s.enter(S.RECORDING_FAILED, S.SESSION_REJECTED)
    s.show(f"{REJECT}\r\n")
    s.told(254)
    s.notice(1)
    s.leave()
    return s.end((*FAILED, S.SESSION_REJECTED), exit="nonzero", notices=(1,), hides=("one",))


def allowed(**story: Any) -> Telling:
    """No recorder takes the recording, and the session runs unrecorded."""
    s = Story(**{"on_failure": NEITHER, **story})
    s.connect()
    s.enter(*CHOOSING)
    s.refused("rec1")
    s.enter(S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_ALLOWED)
    s.notice(3)
    s.start(recorded=False)
    s.show("one\n")
    s.exited(5)
    s.told(5)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    path = (*FAILED, S.SESSION_ALLOWED, S.SESSION_COMPLETE)
    return s.end(path, exit=5, notices=(3,), shows=("one",))


def terminated(**story: Any) -> Telling:
    """The recording is lost, and the session is ended."""
    s = Story(**story)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.strike()
    s.gone("recorder", "reset")
    s.enter(S.CONNECTION_LOST)
    s.show(f"\r\n\r\n{TERMINATE}\r\n\r\n", "stderr")
    s.exited(-9)
    s.told(255)
    s.notice(2, "connection reset")
    s.enter(S.SESSION_TERMINATED)
    s.leave()
    s.store("rec1")
    return _faulted(
        s.end(
            (*STREAMING, S.CONNECTION_LOST, S.SESSION_TERMINATED),
            exit="nonzero",
            notices=(2,),
            shows=("one",),
            recording="prefix",
            recorded_by="rec1",
        )
    )


def continued(**story: Any) -> Telling:
    """The recording is lost, and the session goes on."""
    s = Story(**{"on_failure": NEITHER, **story})
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.strike()
    s.gone("recorder", "reset")
    s.enter(S.CONNECTION_LOST, S.CONTINUE_UNRECORDED)
    s.notice(3, "connection reset")
    s.show("two\n")
    s.exited(3)
    s.told(3)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    return _faulted(
        s.end(
            (*STREAMING, S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE),
            exit=3,
            notices=(3,),
            shows=("one", "two"),
            recording="prefix",
            recorded_by="rec1",
        )
    )


def lost_after_exit(**story: Any) -> Telling:
    """The recording is lost after the command has exited: its status stands (D12)."""
    s = Story(**story)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.strike()
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer(b'{"error":"disk full"}\n')
    s.note("network", AnswerEnded(**s.upload))
    s.gone("client", "fin")
    s.enter(S.CONNECTION_LOST, why="recorder: disk full")
    s.notice(2, "disk full")
    s.enter(S.SESSION_TERMINATED)
    s.leave()
    path = (*STREAMING, S.CONNECTION_LOST, S.SESSION_TERMINATED)
    return _faulted(s.end(path, exit=0, notices=(2,), shows=("one",)))


def not_recorded(**story: Any) -> Telling:
    """Nobody wants a recording."""
    s = Story(**{"recorders": (), "record": None, **story})
    s.connect()
    s.enter(S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING)
    s.start(recorded=False)
    s.show("one\n")
    s.exited(0)
    s.told(0)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    path = (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE)
    return s.end(path, shows=("one",))


def aborted(**story: Any) -> Telling:
    """The user leaves while a recorder is being chosen."""
    s = Story(**story)
    s.connect()
    s.enter(*CHOOSING)
    name = s.dial("rec1")
    s.note("user", HungUp(session="s1"))
    s.note("user", SessionClosed(session="s1"))
    s.note("network", Disconnected(recorder="rec1", connection=name, by="client", how="reset"))
    s.note("server", Aborted(session="conn-1/0"))
    s.leave()
    return s.end(CHOOSING, aborted=True, exit="none")


def _faulted(telling: Telling) -> Telling:
    """Say that the scenario disturbs the recorder."""
    return telling.but(faults=(FaultPlan(fault="killed", node="rec1"),))


def two_sessions(*, separate: bool = False, same_output: bool = False) -> Telling:
    """Two sessions run the same command; on one connection, or on one each."""
    s = Story()
    s.note("user", UserConnected(connection="c1", peer="127.0.0.1:5000"))
    if separate:
        s.note("user", UserConnected(connection="c2", peer="127.0.0.1:5001"))
    bodies = []
    for number, name in enumerate(("s1", "s2")):
        connection = "c2" if separate and number else "c1"
        channel = 0 if separate else number
        wire_name = f"conn-{2 if separate and number else 1}"
        s.note(
            "user",
            SessionOpened(
                session=name, connection=connection, channel=channel, shell="exec", command=COMMAND
            ),
        )
        s.note(
            "control",
            ActionServed(
                peer="127.0.0.1", destination="p", ssh_user="alice", action=s.wire_action()
            ),
        )
        s.note(
            "server",
            ServerSession(
                session=f"x/{number}",
                peer="127.0.0.1:5001" if connection == "c2" else "127.0.0.1:5000",
                channel=channel,
                connection_id=wire_name,
                ssh_user="alice",
                local_user="alice",
                shell="exec",
                command=COMMAND,
            ),
        )
        s.note("server", PolicyApplied(session=f"x/{number}", action=s.wire_action()))
        dialled = s.dial("rec1")
        s.request(dialled, 3, "POST", "/v2/record", "2", 200)
        where: dict[str, Any] = {"recorder": "rec1", "connection": dialled, "stream": 3}
        head = header(None).replace(b"conn-1", wire_name.encode())
        text = "same\n" if same_output else f"output of {name}\n"
        body = head + msgspec.json.encode((0.1, "o", text)) + b"\n"
        bodies.append(body)
        s.note("user", Handed(**where, data=body))
        s.note("user", Shown(session=name, data=text.encode()))
        s.note("network", BodyEnded(**where))
        s.note("network", AnswerEnded(**where))
        s.note("user", ExitSeen(session=name, status=0))
        s.note("user", SessionClosed(session=name))
    telling = s.end((*STREAMING, S.SESSION_COMPLETE))
    return telling.but(
        sessions=tuple(UserSession(name=n, run="exec", command=COMMAND) for n in ("s1", "s2")),
        expect=tuple(
            Expectation(session=n, path=(*STREAMING, S.SESSION_COMPLETE)) for n in ("s1", "s2")
        ),
    )


STORIES: dict[str, Callable[..., Telling]] = {
    story.__name__: story
    for story in (
        recorded,
        failed_over,
        rejected,
        allowed,
        terminated,
        continued,
        lost_after_exit,
        not_recorded,
        aborted,
    )
}


# --- breaking one thing -------------------------------------------------------------------------

Edit = Callable[[History], History]


def _matches(event: Event, kind: type[Any], where: dict[str, Any]) -> bool:
    return isinstance(event.what, kind) and all(
        getattr(event.what, name) == value for name, value in where.items()
    )


def _renumbered(events: Sequence[Event]) -> History:
    numbers: dict[str, int] = {}
    result = []
    for event in events:
        seq = numbers.get(event.observer, 0)
        numbers[event.observer] = seq + 1
        result.append(msgspec.structs.replace(event, seq=seq))
    return tuple(result)


def drop(kind: type[Any], **where: Any) -> Edit:
    """Leave out the events of this kind whose fields have these values."""

    def edit(history: History) -> History:
        kept = [event for event in history if not _matches(event, kind, where)]
        assert len(kept) < len(history), "nothing was dropped"
        return _renumbered(kept)

    return edit


def change(kind: type[Any], fields: dict[str, Any], **where: Any) -> Edit:
    """Change fields of the events of this kind."""

    def edit(history: History) -> History:
        assert any(_matches(event, kind, where) for event in history), "nothing was changed"
        return tuple(
            msgspec.structs.replace(event, what=msgspec.structs.replace(event.what, **fields))
            if _matches(event, kind, where)
            else event
            for event in history
        )

    return edit


def again(kind: type[Any], **where: Any) -> Edit:
    """Let the first such event happen twice."""

    def edit(history: History) -> History:
        at = next(i for i, event in enumerate(history) if _matches(event, kind, where))
        return _renumbered((*history[: at + 1], *history[at:]))

    return edit


def add(observer: str, what: Kind, *, before: type[Any] = End, **where: Any) -> Edit:
    """Let something more happen, before the first event of a kind (the observer's end)."""

    def edit(history: History) -> History:
        wanted = {} if before is End else where
        at = next(
            i
            for i, event in enumerate(history)
            if _matches(event, before, wanted) and (before is not End or event.observer == observer)
        )
        # All events are a millisecond apart: half of one is still in between.
        event = Event(observer, 0, history[at].at - MS // 2, what)
        return _renumbered((*history[:at], event, *history[at:]))

    return edit


def moved(kind: type[Any], *, before: type[Any], **where: Any) -> Edit:
    """Let the first event of a kind happen right before the first one of another."""

    def edit(history: History) -> History:
        at = next(i for i, event in enumerate(history) if _matches(event, kind, where))
        rest = [*history[:at], *history[at + 1 :]]
        to = next(i for i, event in enumerate(rest) if isinstance(event.what, before))
        event = msgspec.structs.replace(history[at], at=rest[to].at - MS // 2)
        return _renumbered((*rest[:to], event, *rest[to:]))

    return edit


def later(kind: type[Any], seconds: float, **where: Any) -> Edit:
    """Let the first such event, and all that follows, happen later."""

    def edit(history: History) -> History:
        at = next(i for i, event in enumerate(history) if _matches(event, kind, where))
        by = int(seconds * 1000) * MS
        moved_on = (msgspec.structs.replace(e, at=e.at + by) for e in history[at:])
        return (*history[:at], *moved_on)

    return edit


def silent(observer: str) -> Edit:
    """Take an observer away that the target does not have, and say so."""

    def edit(history: History) -> History:
        kept = _renumbered([event for event in history if event.observer != observer])
        return change(Played, {"without": (observer,)})(kept)

    return edit
