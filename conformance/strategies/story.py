"""Tells what every observer would have seen of one sound session, from its plot.

`tell` makes of a plot a scenario and a history that breaks no clause. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from conformance.history import (
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
    Gap,
    Handed,
    History,
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
    UploadStarted,
    UploadStored,
    UserConnected,
)
from conformance.machine import State
from conformance.scenario import Scenario
from conformance.strategies.plots import (
    PATH,
    Output,
    Plot,
    address,
    command,
    header,
    on_wire,
    scenario,
)
from conformance.wire import (
    REJECTED_EXIT_STATUS,
    SECOND,
    V1_RECORD,
    V2_RECORD,
    Attempt,
    Notice,
    NoticeType,
)

S = State
ACK_EVERY = 5 * SECOND
"""Nanoseconds."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario and a history of it."""

    scenario: Scenario
    history: History


def tell(plot: Plot) -> Told:
    """Return the scenario of a plot, and what every observer saw of it."""
    return _Teller(plot).told()


class _Teller:
    """Writes a history down event by event."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._now = plot.began
        self._events: list[Event] = []
        self._logs: dict[str, Log] = {}
        self._attempts: list[Attempt] = []
        self._connections = 0
        self._upload: dict[str, Any] = {}
        self._body = b""
        self._opened_at = 0
        self._acked_at = 0

    def told(self) -> Told:
        """Tell all of it."""
        path = self._plot.path
        self._world()
        self._opens()
        self._enter(S.CONNECTING, S.CHECK_POLICY)
        if S.NO_RECORDING in path:
            self._enter(S.NO_RECORDING)
            self._unrecorded(self._plot.written)
        elif self._chosen():
            self._streams()
        else:
            self._fails()
        self._note("server", Left(session="conn-1/0"))
        if self._body:
            store = Stored(store=self._upload["recorder"], path=PATH, data=self._body)
            self._note("storage", store)
        self._ends()
        return Told(scenario=scenario(self._plot, self._attempts), history=tuple(self._events))

    def _note(self, observer: str, what: Kind) -> None:
        log = self._logs.setdefault(observer, Log(observer, self._clock, self._events.append))
        log.note(what)

    def _clock(self) -> int:
        self._now += self._plot.step
        return self._now

    def _enter(self, *states: State) -> None:
        for state in states:
            self._note("server", Entered(session="conn-1/0", state=state))

    # --- before the command -------------------------------------------------------------------

    def _world(self) -> None:
        self._note("world", Played(scenario="generated", world="live", seed=0, speed=1))
        for name in self._plot.recorders:
            self._note(f"recorder/{name}", RecorderListening(address="127.77.0.9:80"))
            self._note("world", Addressed(node=name, address=address(name)))

    def _opens(self) -> None:
        plot, action = self._plot, on_wire(self._plot)
        peer, user, work = "127.77.0.1", plot.user, command(plot)
        opened = SessionOpened(
            session="s1",
            connection="c1",
            channel=0,
            shell=plot.run,
            command=work,
            pty=plot.pty is not None,
            width=plot.pty.width if plot.pty else 0,
            height=plot.pty.height if plot.pty else 0,
            term=plot.pty.term if plot.pty else "",
        )
        accepted = ServerSession(
            session="conn-1/0",
            peer=f"{peer}:5000",
            channel=0,
            connection_id="conn-1",
            ssh_user=user,
            local_user=user,
            shell=plot.run,
            command=work,
        )
        served = ActionServed(peer=peer, destination="prod-1", ssh_user=user, action=action)
        self._note("user", UserConnected(connection="c1", peer=f"{peer}:5000"))
        self._note("user", opened)
        self._note("control", served)
        self._note("server", accepted)
        self._note("server", PolicyApplied(session="conn-1/0", action=action))

    def _chosen(self) -> bool:
        """Try the recorders; True when one took the recording."""
        path, names = self._plot.path, self._plot.recorders
        self._enter(S.FIND_RECORDER, S.TRY_PRIMARY)
        if S.TRY_FAILOVER not in path:
            self._taken(names[0])
            return True
        self._refused(names[:1])
        self._enter(S.TRY_FAILOVER)
        if S.CONNECTED not in path:
            self._refused(names[1:])
            return False
        self._refused(names[1:-1])
        self._taken(names[-1])
        return True

    def _refused(self, names: Sequence[str]) -> None:
        """Recorders answer the probe, and refuse the recording."""
        for name in names:
            statuses = self._plot.refusals
            status = statuses[len(self._attempts) % len(statuses)]
            where = self._asked(name, status)
            gone = Disconnected(recorder=name, connection=where, by="client", how="fin")
            self._note("network", gone)
            self._attempt(name, f"answered {status}")

    def _asked(self, name: str, status: int) -> str:
        """Probe a recorder and post to it, which it answers; return the connection's name."""
        connection = self._dial(name)
        if self._plot.speaks == "v2":
            self._request(name, connection, 1, "HEAD", V2_RECORD, "2", 200)
            self._request(name, connection, 3, "POST", V2_RECORD, "2", status)
            return connection
        self._request(name, connection, 1, "HEAD", V2_RECORD, "2", 404)
        connection = self._dial(name)
        self._request(name, connection, 1, "POST", V1_RECORD, "1.1", status)
        return connection

    def _dial(self, name: str) -> str:
        self._connections += 1
        connection = f"{name}#{self._connections}"
        dialled = Dialled(recorder=name, connection=connection, peer="127.77.0.2:6000")
        self._note("network", dialled)
        return connection

    def _request(
        self,
        name: str,
        connection: str,
        stream: int,
        method: str,
        path: str,
        http: str,
        status: int,
    ) -> None:
        where: dict[str, Any] = {"recorder": name, "connection": connection, "stream": stream}
        v1: dict[str, Any] = {"expect_continue": True, "chunked": True} if http == "1.1" else {}
        self._note("network", Requested(**where, method=method, path=path, http=http, **v1))
        self._note("network", Answered(**where, status=status))

    def _attempt(self, name: str, failure: str = "") -> None:
        self._attempts.append(Attempt(address(name), failure))
        attempted = Attempted(session="conn-1/0", recorder=address(name), failure=failure)
        self._note("server", attempted)

    def _taken(self, name: str) -> None:
        """A recorder takes the recording, and gets its header."""
        v2 = self._plot.speaks == "v2"
        connection = self._asked(name, 200 if v2 else 100)
        self._opened_at = self._acked_at = self._now
        self._upload = {"recorder": name, "connection": connection, "stream": 3 if v2 else 1}
        self._attempt(name)
        self._enter(S.CONNECTED, S.STREAMING)
        self._note("network", BodyStarted(**self._upload))
        self._note(f"recorder/{name}", UploadStarted(upload="u1", version=self._plot.speaks))
        self._hand(header(self._plot))

    # --- the command --------------------------------------------------------------------------

    def _streams(self) -> None:
        """The command runs and is recorded, to its end or until the recording is lost."""
        plot = self._plot
        self._note("server", CommandStarted(session="conn-1/0", recorded=True))
        for output in plot.written:
            self._wait(output.silence)
            seconds = (self._now - self._opened_at) / SECOND
            self._hand(msgspec.json.encode((seconds, "o", output.text)) + b"\n")
            self._show(output)
        if S.CONNECTION_LOST in plot.path:
            self._lost()
            return
        self._exits(plot.exit)
        self._note("network", BodyEnded(**self._upload))
        if plot.speaks == "v2":
            self._ack()
        else:
            self._note("network", Answered(**self._upload, status=200))
        self._note("network", AnswerEnded(**self._upload))
        self._gone("client", "fin")
        stored = UploadStored(upload="u1", path=PATH, size=len(self._body), complete=True)
        self._note(f"recorder/{self._upload['recorder']}", stored)
        self._enter(S.SESSION_COMPLETE)

    def _lost(self) -> None:
        plot = self._plot
        self._note("faults", FaultApplied(fault=plot.fault, node=self._upload["recorder"]))
        self._gone("recorder", "reset")
        self._enter(S.CONNECTION_LOST)
        self._attempts[-1] = Attempt(self._attempts[-1].recorder, "connection reset")
        if S.CONTINUE_UNRECORDED in plot.path:
            self._enter(S.CONTINUE_UNRECORDED)
            self._notice(NoticeType.FAILED)
            for output in plot.unrecorded:
                self._now += output.silence
                self._show(output)
            self._exits(plot.exit)
            self._enter(S.SESSION_COMPLETE)
            return
        message = f"\r\n\r\n{plot.terminate}\r\n\r\n"
        self._show(Output(message, "stderr"))
        self._exits(-9, told=255)
        self._notice(NoticeType.TERMINATED)
        self._enter(S.SESSION_TERMINATED)

    def _fails(self) -> None:
        """No recorder took the recording."""
        self._enter(S.RECORDING_FAILED)
        if S.SESSION_ALLOWED in self._plot.path:
            self._enter(S.SESSION_ALLOWED)
            self._notice(NoticeType.FAILED)
            self._unrecorded(self._plot.written)
            return
        self._enter(S.SESSION_REJECTED)
        self._show(Output(f"{self._plot.reject}\r\n"))
        self._closes(REJECTED_EXIT_STATUS)
        self._notice(NoticeType.REJECTED)

    def _unrecorded(self, written: Sequence[Output]) -> None:
        """The command runs to its end, and nothing of it is recorded."""
        self._note("server", CommandStarted(session="conn-1/0", recorded=False))
        for output in written:
            self._now += output.silence
            self._show(output)
        self._exits(self._plot.exit)
        self._enter(S.SESSION_COMPLETE)

    def _exits(self, status: int, told: int | None = None) -> None:
        self._note("server", CommandExited(session="conn-1/0", status=status))
        self._closes(status if told is None else told)

    def _closes(self, status: int) -> None:
        self._note("user", ExitSeen(session="s1", status=status))
        self._note("user", SessionClosed(session="s1"))

    def _show(self, output: Output) -> None:
        data = output.text.encode()
        for piece in (data[: output.cut], data[output.cut :]):
            if piece:
                self._note("user", Shown(session="s1", data=piece, stream=output.stream))

    # --- the recording ------------------------------------------------------------------------

    def _hand(self, data: bytes) -> None:
        self._body += data
        self._note("user", Handed(**self._upload, data=data))

    def _wait(self, silence: int) -> None:
        """Let time pass, in which a v2 recorder keeps acking."""
        until = self._now + silence
        while self._plot.speaks == "v2" and self._acked_at + ACK_EVERY <= until:
            self._now = max(self._now, self._acked_at + ACK_EVERY)
            self._ack()
        self._now = max(self._now, until)

    def _ack(self) -> None:
        data = msgspec.json.encode({"ack": len(self._body)}) + b"\n"
        self._note("network", AnswerBody(**self._upload, data=data))
        self._acked_at = self._now

    def _gone(self, by: str, how: str) -> None:
        where = {key: self._upload[key] for key in ("recorder", "connection")}
        self._note("network", Disconnected(**where, by=by, how=how))

    # --- afterwards ---------------------------------------------------------------------------

    def _notice(self, kind: int) -> None:
        """A notice comes, when one is wanted and a recorder was tried."""
        if not (self._plot.notify and self._attempts):
            return
        notice = Notice(
            event_type=kind,
            connection_id="conn-1",
            cap_version=1,
            node_key="nodekey:0",
            src_node=7,
            ssh_user=self._plot.user,
            local_user=self._plot.user,
            recording_attempts=tuple(self._attempts),
        )
        body = msgspec.json.encode(notice)
        self._note("control", NoticeReceived(path="/notify", body=body, status=201))

    def _ends(self) -> None:
        lost = f"recorder/{self._upload['recorder']}" if self._plot.gap and self._upload else ""
        lost = lost if S.CONNECTION_LOST in self._plot.path else ""
        recorders = [f"recorder/{name}" for name in self._plot.recorders]
        for name in ("user", "network", "faults", "storage", "server", "control", *recorders):
            self._note(name, Gap(reason=self._plot.fault) if name == lost else End())
        self._note("world", End())
