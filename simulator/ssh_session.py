"""One session on the SSH server: drives the sans-IO `Client` with the event loop.

Events from the user, the command, the recorders and the clock go into the core one after the
other; its effects are carried out in order. Whatever an effect causes at once is queued behind
the effects that are still to be done.

Sources: protocol sections 4 and 5, D5 to D7, D12 to D16.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import msgspec

from conformance import history
from conformance.wire import DEFAULT_TERM, REJECTED_EXIT_STATUS, SECOND, CastHeader
from simulator import client_steps as core
from simulator.cast import CastWriter, WholeCharacters
from simulator.client import Client
from simulator.pty_process import Command
from simulator.ssh_parties import Request, Running, Surroundings, User
from simulator.ssh_policy import Decision
from simulator.upload import Upload

TERMINATED_EXIT_STATUS = 255
COMMAND_NOT_STARTED = 126
BROKEN_EXIT_STATUS = 255
LATE = SECOND // 5
"""A loop that fires a timer this much too late spoils durations around it (ns)."""
MOST_TYPED_AHEAD = 1 << 20
"""Bytes kept of what the user types while a recorder is being chosen."""
LARGEST_WINDOW = 0xFFFF


class Chunk(msgspec.Struct, frozen=True):
    """Output of whole characters: for the recording, and as the user gets it."""

    at: int
    text: str
    raw: bytes
    stream: str


class Resize(msgspec.Struct, frozen=True):
    """A change of the window, for the recording."""

    at: int
    width: int
    height: int


class SshSession:
    """One session, from its request to the last of its traces."""

    def __init__(self, request: Request, user: User, surroundings: Surroundings) -> None:
        self.request = request
        self.user = user
        self.surroundings = surroundings
        self.log = surroundings.log
        self.client = surroundings.overlay(Client)(surroundings.timers)
        self.decision: Decision | None = None
        self.command: Running | None = None
        self.writer: CastWriter | None = None
        self.left = asyncio.Event()
        """Set when nothing of the session is left."""
        self.on_left: Callable[[SshSession], object] = _ignore
        self._loop = asyncio.get_running_loop()
        self._events: deque[core.Event] = deque()
        self._busy = False
        self._uploads: dict[int, Upload] = {}
        self._cancelled: list[Upload] = []
        self._timers: dict[core.Timer, asyncio.TimerHandle] = {}
        self._characters: dict[str, WholeCharacters] = {}
        self._silent = False
        self._user_slow = False
        self._user_left = False
        self._ending: asyncio.Task[None] | None = None
        self._notice: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._typed = bytearray()
        self._typed_end = False

    # --- from the user --------------------------------------------------------------------------

    def start(self, decision: Decision) -> None:
        """Begin, now that it is known which action counts."""
        self.decision = decision
        request, action = self.request, decision.action
        self.log.note(
            history.ServerSession(
                session=request.session,
                peer=request.peer,
                channel=request.channel,
                connection_id=request.connection_id,
                ssh_user=request.ssh_user,
                local_user=decision.local_user,
                shell=request.shell,
                command=request.command,
            )
        )
        for effect in self.client.start():
            self.carry_out(effect)
        self.log.note(history.PolicyApplied(session=request.session, action=action))
        failure = action.on_recording_failure
        self.tell(
            core.PolicyAnswered(
                required=self.required(decision),
                recorders=action.recorders or (),
                reject_message=failure.reject_session_with_message if failure else "",
                terminate_message=failure.terminate_session_with_message if failure else "",
                notify=bool(failure and failure.notify_url),
            )
        )

    def user_left(self) -> None:
        """The user's channel is gone."""
        self._user_left = True
        self._user_slow = False
        if self.decision is not None:
            # Otherwise it was refused, and the core never began.
            self.tell(core.UserLeft())

    def typed(self, data: bytes) -> None:
        """Give input to the command; before it starts, keep it."""
        if self.command is not None:
            self.command.write(data)
            return
        self._typed += data
        if len(self._typed) > MOST_TYPED_AHEAD:
            self.user.take_input(False)

    def typed_end(self) -> None:
        """End the command's input."""
        self._typed_end = True
        if self.command is not None:
            self.command.write_eof()

    def signalled(self, number: int) -> None:
        """Pass on a signal that the user sent."""
        if self.command is not None:
            self.command.send_signal(number)

    def user_slow(self, slow: bool) -> None:
        """The user's channel is full, or has room again."""
        self._user_slow = slow and not self._user_left
        self._set_reading()

    def resized(self, width: int, height: int) -> None:
        """The user's window changed."""
        self.request.width, self.request.height = width, height
        if self.command is not None and self.request.pty:
            self.command.resize(width, height)
            self.tell(core.Output(Resize(time.monotonic_ns(), width, height)))

    # --- from the command -----------------------------------------------------------------------

    def command_output(self, data: bytes, stream: str) -> None:
        """Take output of the command."""
        if stream not in self._characters:
            self._characters[stream] = self.surroundings.overlay(WholeCharacters)()
        text, raw = self._characters[stream].feed(data)
        if raw:
            self.take_output(Chunk(time.monotonic_ns(), text, raw, stream))

    def command_exited(self, status: int) -> None:
        """Take the command's end; what was held back of its output goes first."""
        for stream, characters in self._characters.items():
            text, raw = characters.flush()
            if raw:
                self.take_output(Chunk(time.monotonic_ns(), text, raw, stream))
        self.log.note(history.CommandExited(session=self.request.session, status=status))
        self.take_exit(status)

    def input_full(self, full: bool) -> None:
        """Hold back what the user types while the command does not read it."""
        self.user.take_input(not full)

    # --- seams ----------------------------------------------------------------------------------

    def required(self, decision: Decision) -> bool:
        """Tell whether the session must be recorded; sftp is not (section 5, D3)."""
        return decision.action.recording_required and self.request.shell != "sftp"

    def take_output(self, chunk: Chunk) -> None:
        """Let the core decide what happens to output."""
        self.tell(core.Output(chunk))

    def take_exit(self, status: int) -> None:
        """Let the core know that the command is gone."""
        self.tell(core.CommandExited(status))

    def show(self, chunk: Chunk) -> None:
        """Let output reach the user."""
        if not self._silent:
            self.user.show(chunk.raw, chunk.stream)

    def header(self) -> CastHeader:
        """Return the recording's header (section 6)."""
        assert self.decision is not None
        request, source = self.request, self.decision.source
        return CastHeader(
            version=2,
            width=min(request.width, LARGEST_WINDOW),
            height=min(request.height, LARGEST_WINDOW),
            timestamp=int(time.time()),
            env={"TERM": request.term or DEFAULT_TERM},
            command=request.command,
            src_node=source.name.rstrip("."),
            src_node_id=source.id,
            src_node_tags=source.tags,
            src_node_user_id=0 if source.tags else source.user_id,
            src_node_user="" if source.tags else source.user,
            ssh_user=request.ssh_user,
            local_user=self.decision.local_user,
            connection_id=request.connection_id,
        )

    def run_command(self) -> Running:
        """Start what the user asked for; OSError when that fails."""
        assert self.decision is not None
        if self.request.shell == "sftp":
            return self.user.run_sftp(self)
        program = self.surroundings.program(self.request, self.decision)
        return self.surroundings.overlay(Command)(program, self)

    # --- the core -------------------------------------------------------------------------------

    def tell(self, event: core.Event) -> None:
        """Put an event in, and carry out what comes of it."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                now = time.monotonic_ns()
                for effect in self.client.on(self._events.popleft(), now):
                    self.carry_out(effect)
        except Exception as error:  # noqa: BLE001 - whatever broke, the user must not be left alone
            self._broke(error)
        finally:
            self._busy = False
        self._set_reading()

    def _broke(self, error: Exception) -> None:
        """End a session that broke in itself: what then comes of it is nobody else's fault."""
        traceback.print_exc()  # into the server's log
        what = f"the SSH server's session broke: {type(error).__name__}: {error}"
        self.log.note(history.Problem(what=what))
        self._events.clear()
        self.user.exit(BROKEN_EXIT_STATUS)
        self._leaving = self._loop.create_task(self.abandon())

    def carry_out(self, effect: core.Effect) -> None:
        """Carry out one effect."""
        self._CARRY_OUT[type(effect)](self, effect)

    def _set_reading(self) -> None:
        if self.command is not None and not self._silent:
            self.command.set_reading(wanted=self.client.wants_output and not self._user_slow)

    def _enter(self, effect: core.Enter) -> None:
        self.log.note(
            history.Entered(session=self.request.session, state=effect.state, why=effect.why)
        )

    def _dial(self, effect: core.Dial) -> None:
        make = self.surroundings.overlay(Upload)
        upload = make(effect.op, self.tell, self.surroundings.source_addr)
        self._uploads[effect.op] = upload
        upload.dial(effect.address)

    def _probe(self, effect: core.Probe) -> None:
        self._uploads[effect.op].probe()

    def _open(self, effect: core.Open) -> None:
        self._uploads[effect.op].open(v2=effect.v2)

    def _cancel(self, effect: core.Cancel) -> None:
        upload = self._uploads.pop(effect.op, None)
        if upload is not None:
            upload.cancel()
            self._cancelled.append(upload)

    def _send_header(self, effect: core.SendHeader) -> None:
        make = self.surroundings.overlay(CastWriter)
        self.writer = make(self.header(), time.monotonic_ns())
        self._uploads[effect.op].send(self.writer.header_line())

    def _send(self, effect: core.Send) -> None:
        assert self.writer is not None
        data = effect.data
        if isinstance(data, Resize):
            line = self.writer.resize_line(data.width, data.height, data.at)
        else:
            line = self.writer.output_line(data.text, data.at)
        self._uploads[effect.op].send(line)

    def _close_body(self, effect: core.CloseBody) -> None:
        self._uploads[effect.op].close_body()

    def _set_timer(self, effect: core.SetTimer) -> None:
        self._stop_timer(effect)
        delay = (effect.at - time.monotonic_ns()) / SECOND
        self._timers[effect.timer] = self._loop.call_later(
            max(delay, 0), self._fire, effect.timer, effect.at
        )

    def _stop_timer(self, effect: core.SetTimer | core.StopTimer) -> None:
        handle = self._timers.pop(effect.timer, None)
        if handle is not None:
            handle.cancel()

    def _fire(self, timer: core.Timer, at: int) -> None:
        # The loop's clock is coarser than ours: it may fire a moment early.
        if time.monotonic_ns() < at:
            self._set_timer(core.SetTimer(timer, at))
            return
        self._timers.pop(timer, None)
        late = time.monotonic_ns() - at
        if late >= LATE:
            self.log.note(history.Late(by=late))
        self.tell(core.TimerFired(timer))

    def _start_command(self, effect: core.StartCommand) -> None:
        session = self.request.session
        self.log.note(history.CommandStarted(session=session, recorded=effect.recorded))
        try:
            self.command = self.run_command()
        except OSError as error:
            self.command_output(f"cannot start: {error.strerror}\r\n".encode(), "stderr")
            self.command_exited(COMMAND_NOT_STARTED)
            return
        typed, self._typed = bytes(self._typed), bytearray()
        if typed:
            self.command.write(typed)
            if len(typed) > MOST_TYPED_AHEAD:
                self.user.take_input(True)
        if self._typed_end:
            self.command.write_eof()

    def _show(self, effect: core.Show) -> None:
        if isinstance(effect.data, Chunk):
            self.show(effect.data)

    def _reject(self, effect: core.Reject) -> None:
        self.user.show(effect.message.encode() + b"\r\n", "stdout")
        self.user.exit(REJECTED_EXIT_STATUS)

    def _terminate(self, effect: core.Terminate) -> None:
        self._silence()
        self.user.show(b"\r\n\r\n" + effect.message.encode() + b"\r\n\r\n", "stderr")
        self._ending = self._loop.create_task(self._end_command())

    def _silence(self) -> None:
        """From here on no output of the command reaches anyone."""
        self._silent = True
        if self.command is not None:
            self.command.silence()

    async def _end_command(self) -> None:
        if self.command is not None:
            await self.command.end(thorough=True)
        self.user.exit(TERMINATED_EXIT_STATUS)

    async def _sweep(self) -> None:
        """Nothing that the command left running outlives the session."""
        if self.command is not None:
            await self.command.end(thorough=False)

    def _kill_command(self, effect: core.KillCommand) -> None:  # noqa: ARG002
        if self.command is not None:
            self.command.hang_up()

    def _exit(self, effect: core.Exit) -> None:
        self._silence()
        self.user.exit(effect.status)
        self._ending = self._loop.create_task(self._sweep())

    def _tried(self, effect: core.Tried) -> None:
        self.log.note(
            history.Attempted(
                session=self.request.session, recorder=effect.recorder, failure=effect.failure
            )
        )

    def _notify(self, effect: core.Notify) -> None:
        assert self.decision is not None
        self._notice = self.surroundings.notify(self.request, self.decision, effect)

    def _abort(self, effect: core.Abort) -> None:  # noqa: ARG002
        self.log.note(history.Aborted(session=self.request.session))

    def _finish(self, effect: core.Finish) -> None:  # noqa: ARG002
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        self._leaving = self._loop.create_task(self._leave())

    async def _leave(self) -> None:
        """Wait until nothing of the session is left, and say so."""
        if self._ending is not None:
            await self._ending
        await self.wait_uploads()
        if self._notice is not None:
            await asyncio.wait([self._notice])
        self.log.note(history.Left(session=self.request.session))
        self.over()

    def over(self) -> None:
        """End a session that never began, or that has left."""
        self.left.set()
        self.on_left(self)

    async def wait_uploads(self) -> None:
        """Wait until every cancelled upload's connection is gone."""
        gone: list[Awaitable[None]] = [upload.gone for upload in self._cancelled]
        await asyncio.gather(*gone)

    async def abandon(self) -> None:
        """Drop everything at once, as the server stops."""
        for handle in self._timers.values():
            handle.cancel()
        for upload in self._uploads.values():
            upload.cancel()
        self._silence()
        if self.command is not None:
            await self.command.end(thorough=True)
        self.over()

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[SshSession, Any], None]]] = {
        core.Enter: _enter,
        core.Dial: _dial,
        core.Probe: _probe,
        core.Open: _open,
        core.Cancel: _cancel,
        core.SendHeader: _send_header,
        core.Send: _send,
        core.CloseBody: _close_body,
        core.SetTimer: _set_timer,
        core.StopTimer: _stop_timer,
        core.StartCommand: _start_command,
        core.Show: _show,
        core.Reject: _reject,
        core.Terminate: _terminate,
        core.KillCommand: _kill_command,
        core.Exit: _exit,
        core.Tried: _tried,
        core.Notify: _notify,
        core.Abort: _abort,
        core.Finish: _finish,
    }


def _ignore(session: SshSession) -> None:
    """Nobody waits for the session to leave."""
