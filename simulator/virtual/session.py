"""One session on the SSH server: drives the recorder client's core by virtual time.

It does to the core what `simulator.ssh_session` does with the event loop: events go in one after
the other, effects are carried out in order, and whatever an effect causes at once is queued behind
the effects that are still to be done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import msgspec
import simpy

from conformance import history
from conformance.wire import DEFAULT_TERM, REJECTED_EXIT_STATUS, SECOND, CastHeader, Timers
from simulator import client_steps as core
from simulator.cast import CastWriter, WholeCharacters
from simulator.client import Client
from simulator.overlay import Overlay
from simulator.ssh_parties import Request
from simulator.ssh_policy import Decision
from simulator.ssh_session import (
    LARGEST_WINDOW,
    TERMINATED_EXIT_STATUS,
    Chunk,
    Resize,
)
from simulator.virtual.clock import MILLISECOND, Clock, Dice, Handle, Steps
from simulator.virtual.upload import Dialler, VirtualUpload

EPOCH_S = 1_767_225_600
"""Unix seconds at which every virtual world begins: 2026-01-01."""


class Running(Protocol):
    """What the session holds of its command."""

    def set_reading(self, *, wanted: bool) -> None:
        """Read output, or leave it."""

    def resize(self, width: int, height: int) -> None:
        """Change the window."""

    def write(self, data: bytes) -> None:
        """Give the command input."""

    def write_eof(self) -> None:
        """End the input."""

    def hang_up(self) -> None:
        """Tell the command that the user is gone."""

    def end(self) -> None:
        """End the command and what it started; nothing more of it is heard but its status."""


class User(Protocol):
    """The user's end of the session."""

    def show(self, data: bytes, stream: str) -> None:
        """Send output; nothing happens when the user is gone."""

    def exit(self, status: int) -> None:
        """Tell the exit status (minus a signal's number) and close."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What all sessions of the server share."""

    clock: Clock
    dice: Dice
    log: history.Log
    overlay: Overlay
    timers: Timers
    dialler: Dialler
    notify: Callable[[Request, Decision, core.Notify], simpy.Event]
    """Post a notice beside everything else."""
    command: Callable[[Request, VirtualSession], Running]


class VirtualSession:
    """One session, from its request to the last of its traces."""

    def __init__(self, request: Request, user: User, surroundings: Surroundings) -> None:
        self.request = request
        self.user = user
        self.log = surroundings.log
        self.client = surroundings.overlay(Client)(surroundings.timers)
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._decision: Decision | None = None
        self._command: Running | None = None
        self._writer: CastWriter | None = None
        self._events: deque[core.Event] = deque()
        self._busy = False
        self._uploads: dict[int, VirtualUpload] = {}
        self._timers: dict[core.Timer, Handle] = {}
        self._characters: dict[str, WholeCharacters] = {}
        self._silent = False
        self._typed = bytearray()
        self._typed_end = False
        self._notice: simpy.Event | None = None
        self._ending: simpy.Event | None = None

    # --- from the user --------------------------------------------------------------------------

    def start(self, decision: Decision) -> None:
        """Begin, now that it is known which action counts."""
        self._decision = decision
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
            self._carry_out(effect)
        self.log.note(history.PolicyApplied(session=request.session, action=action))
        failure = action.on_recording_failure
        self.tell(
            core.PolicyAnswered(
                # sftp is not recorded (section 5).
                required=action.recording_required and request.shell != "sftp",
                recorders=action.recorders or (),
                reject_message=failure.reject_session_with_message if failure else "",
                terminate_message=failure.terminate_session_with_message if failure else "",
                notify=bool(failure and failure.notify_url),
            )
        )

    def user_left(self) -> None:
        """The user's channel is gone."""
        if self._decision is not None:
            self.tell(core.UserLeft())

    def typed(self, data: bytes) -> None:
        """Give input to the command; before it starts, keep it."""
        if self._command is not None:
            self._command.write(data)
        else:
            self._typed += data

    def typed_end(self) -> None:
        """End the command's input."""
        self._typed_end = True
        if self._command is not None:
            self._command.write_eof()

    def resized(self, width: int, height: int) -> None:
        """The user's window changed."""
        self.request.width, self.request.height = width, height
        if self._command is not None and self.request.pty:
            self._command.resize(width, height)
            self.tell(core.Output(Resize(self._clock.now(), width, height)))

    # --- from the command -----------------------------------------------------------------------

    def command_output(self, data: bytes, stream: str) -> None:
        """Take output of the command."""
        text, raw = self._characters.setdefault(stream, WholeCharacters()).feed(data)
        if raw:
            self.tell(core.Output(Chunk(self._clock.now(), text, raw, stream)))

    def command_exited(self, status: int) -> None:
        """Take the command's end; what was held back of its output goes first."""
        for stream, characters in self._characters.items():
            text, raw = characters.flush()
            if raw:
                self.tell(core.Output(Chunk(self._clock.now(), text, raw, stream)))
        self.log.note(history.CommandExited(session=self.request.session, status=status))
        self.tell(core.CommandExited(status))

    # --- the core -------------------------------------------------------------------------------

    def tell(self, event: core.Event) -> None:
        """Put an event in, and carry out what comes of it."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                now = self._clock.now()
                for effect in self.client.on(self._events.popleft(), now):
                    self._carry_out(effect)
        finally:
            self._busy = False
        if self._command is not None and not self._silent:
            self._command.set_reading(wanted=self.client.wants_output)

    def _carry_out(self, effect: core.Effect) -> None:
        self._CARRY_OUT[type(effect)](self, effect)

    def _enter(self, effect: core.Enter) -> None:
        self.log.note(
            history.Entered(session=self.request.session, state=effect.state, why=effect.why)
        )

    def _dial(self, effect: core.Dial) -> None:
        upload = VirtualUpload(effect.op, self.tell, self._surroundings.dialler)
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

    def _send_header(self, effect: core.SendHeader) -> None:
        self._writer = CastWriter(self._header(), self._clock.now())
        self._uploads[effect.op].send(self._writer.header_line())

    def _header(self) -> CastHeader:
        """Return the recording's header (section 6)."""
        assert self._decision is not None
        request, source = self.request, self._decision.source
        return CastHeader(
            version=2,
            width=min(request.width, LARGEST_WINDOW),
            height=min(request.height, LARGEST_WINDOW),
            timestamp=EPOCH_S + self._clock.now() // SECOND,
            env={"TERM": request.term or DEFAULT_TERM},
            command=request.command,
            src_node=source.name.rstrip("."),
            src_node_id=source.id,
            src_node_tags=source.tags,
            src_node_user_id=0 if source.tags else source.user_id,
            src_node_user="" if source.tags else source.user,
            ssh_user=request.ssh_user,
            local_user=self._decision.local_user,
            connection_id=request.connection_id,
        )

    def _send(self, effect: core.Send) -> None:
        assert self._writer is not None
        data = effect.data
        if isinstance(data, Resize):
            line = self._writer.resize_line(data.width, data.height, data.at)
        else:
            line = self._writer.output_line(data.text, data.at)
        self._uploads[effect.op].send(line)

    def _close_body(self, effect: core.CloseBody) -> None:
        self._uploads[effect.op].close_body()

    def _set_timer(self, effect: core.SetTimer) -> None:
        self._stop_timer(effect)
        delay = max(effect.at - self._clock.now(), 0)
        self._timers[effect.timer] = self._clock.later(delay, lambda: self._fire(effect.timer))

    def _stop_timer(self, effect: core.SetTimer | core.StopTimer) -> None:
        handle = self._timers.pop(effect.timer, None)
        if handle is not None:
            handle.cancel()

    def _fire(self, timer: core.Timer) -> None:
        self._timers.pop(timer, None)
        self.tell(core.TimerFired(timer))

    def _start_command(self, effect: core.StartCommand) -> None:
        session = self.request.session
        self.log.note(history.CommandStarted(session=session, recorded=effect.recorded))
        self._command = self._surroundings.command(self.request, self)
        if self._typed:
            self._command.write(bytes(self._typed))
        if self._typed_end:
            self._command.write_eof()

    def _show(self, effect: core.Show) -> None:
        if isinstance(effect.data, Chunk) and not self._silent:
            self.user.show(effect.data.raw, effect.data.stream)

    def _reject(self, effect: core.Reject) -> None:
        self.user.show(effect.message.encode() + b"\r\n", "stdout")
        self.user.exit(REJECTED_EXIT_STATUS)

    def _terminate(self, effect: core.Terminate) -> None:
        self._silence()
        self.user.show(b"\r\n\r\n" + effect.message.encode() + b"\r\n\r\n", "stderr")
        self._ending = self._clock.run(self._end_command(TERMINATED_EXIT_STATUS))

    def _silence(self) -> None:
        """From here on no output of the command reaches anyone."""
        self._silent = True
        if self._command is not None:
            self._command.set_reading(wanted=False)

    def _end_command(self, status: int) -> Steps:
        if self._command is not None:
            self._command.end()
        yield self._clock.wait(self._surroundings.dice.between(MILLISECOND, 5 * MILLISECOND))
        self.user.exit(status)

    def _kill_command(self, effect: core.KillCommand) -> None:  # noqa: ARG002
        if self._command is not None:
            self._command.hang_up()

    def _exit(self, effect: core.Exit) -> None:
        self._silence()
        self.user.exit(effect.status)
        if self._command is not None:
            self._command.end()

    def _tried(self, effect: core.Tried) -> None:
        self.log.note(
            history.Attempted(
                session=self.request.session, recorder=effect.recorder, failure=effect.failure
            )
        )

    def _notify(self, effect: core.Notify) -> None:
        assert self._decision is not None
        self._notice = self._surroundings.notify(self.request, self._decision, effect)

    def _abort(self, effect: core.Abort) -> None:  # noqa: ARG002
        self.log.note(history.Aborted(session=self.request.session))

    def _finish(self, effect: core.Finish) -> None:  # noqa: ARG002
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        self._clock.run(self._leave())

    def _leave(self) -> Steps:
        """Wait until nothing of the session is left, and say so."""
        if self._ending is not None:
            yield self._ending
        if self._notice is not None:
            yield self._notice
        yield self._clock.wait(self._surroundings.dice.between(MILLISECOND // 10, MILLISECOND))
        self.log.note(history.Left(session=self.request.session))

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[VirtualSession, Any], None]]] = {
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
