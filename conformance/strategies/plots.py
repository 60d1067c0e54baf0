"""What happens in a generated session, as data, and what must come of it.

A `Plot` is what a strategy draws; `conformance.strategies.story` tells what every observer would
have seen of it. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

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
    SECOND,
    Attempt,
    CastHeader,
    NoticeType,
    OnRecordingFailure,
    SSHAction,
)

S = State

Stream = Literal["stdout", "stderr"]


class Output(msgspec.Struct, frozen=True):
    """Something that the command writes after it was silent for a while."""

    text: str
    stream: Stream = "stdout"
    silence: int = 0
    """Nanoseconds."""
    cut: int = 0
    """Bytes after which the user's client gets the rest as another piece; 0: one piece."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """What happens in a session. The path decides how much of the rest means anything."""

    path: tuple[State, ...]
    """A whole path of the table."""
    recorders: tuple[str, ...] = ("rec1",)
    """In the action's order. Where the path has a recording, the first takes it, or, after
    `TryFailover`, the last."""
    speaks: Literal["v2", "v1"] = "v2"
    refusals: tuple[int, ...] = (503,)
    """Status with which recorders refuse, in turn."""
    run: Literal["shell", "exec"] = "exec"
    pty: Pty | None = None
    user: str = "alice"
    reject: str = "Refused: not recorded."
    """The message; empty or not, as the path demands where it comes to that. So is `terminate`."""
    terminate: str = "Ended: recording lost."
    notify: bool = True
    written: tuple[Output, ...] = ()
    """All output, or what of it comes before the recording is lost."""
    unrecorded: tuple[Output, ...] = ()
    """Output after the recording was lost, where the session goes on."""
    exit: int = 0
    fault: str = "killed"
    """The name of the fault that takes the recorder away."""
    gap: bool = False
    """Whether the recorder that is lost leaves a gap in place of its end mark."""
    step: int = SECOND // 1000
    """Nanoseconds from one event to the next."""
    began: int = 0
    """Monotonic nanoseconds."""


PATH = "nLAPTOP/2026-01-02T03:04:05Z.cast"
"""Where the recording lies in storage."""


def address(recorder: str) -> str:
    """Return the tailnet address of a recorder."""
    return f"{recorder}.tailnet:80"


def command(plot: Plot) -> str:
    """Return the command that runs; empty for a shell."""
    return "work" if plot.run == "exec" else ""


def action(plot: Plot) -> Action:
    """Return what the control plane answers, as a scenario has it."""
    if S.NO_RECORDING in plot.path:
        return Action()
    failure = OnFailure(reject=plot.reject, terminate=plot.terminate, notify=plot.notify)
    return Action(record=plot.recorders, on_failure=failure)


def on_wire(plot: Plot) -> SSHAction:
    """Return what the control plane answers, as it goes over the wire."""
    if S.NO_RECORDING in plot.path:
        return SSHAction(accept=True)
    return SSHAction(
        accept=True,
        recorders=tuple(map(address, plot.recorders)),
        on_recording_failure=OnRecordingFailure(
            reject_session_with_message=plot.reject,
            terminate_session_with_message=plot.terminate,
            notify_url="https://unused/notify" if plot.notify else "",
        ),
    )


def header(plot: Plot) -> bytes:
    """Return the header line of the session's recording."""
    head = CastHeader(
        version=2,
        width=plot.pty.width if plot.pty else 0,
        height=plot.pty.height if plot.pty else 0,
        timestamp=1_767_323_045,
        env={"TERM": plot.pty.term if plot.pty else "xterm-256color"},
        command=command(plot),
        src_node="laptop.example.ts.net",
        src_node_id="nLAPTOP",
        src_node_user_id=7,
        src_node_user="alice@example.com",
        ssh_user=plot.user,
        local_user=plot.user,
        connection_id="conn-1",
    )
    return msgspec.json.encode(head) + b"\n"


_NOTICES = {
    S.SESSION_REJECTED: NoticeType.REJECTED,
    S.SESSION_ALLOWED: NoticeType.FAILED,
    S.SESSION_TERMINATED: NoticeType.TERMINATED,
    S.CONTINUE_UNRECORDED: NoticeType.FAILED,
}


def scenario(plot: Plot, attempts: Sequence[Attempt]) -> Scenario:
    """Return what was to be played, and what must hold."""
    path, taken, lost = plot.path, S.CONNECTED in plot.path, S.CONNECTION_LOST in plot.path
    cut_short = S.SESSION_REJECTED in path or S.SESSION_TERMINATED in path
    written = () if S.SESSION_REJECTED in path else plot.written
    continued = plot.unrecorded if S.CONTINUE_UNRECORDED in path else ()
    names = plot.recorders[: len(attempts)]
    last = names[-1] if names else ""
    wanted = plot.notify and bool(attempts)
    return Scenario(
        title="a generated session",
        recorders=tuple(RecorderNode(name=name, speaks=plot.speaks) for name in plot.recorders),
        action=action(plot),
        sessions=(
            UserSession(
                name="s1", ssh_user=plot.user, run=plot.run, command=command(plot), pty=plot.pty
            ),
        ),
        faults=(FaultPlan(fault=plot.fault, node=last),) if lost else (),
        expect=(
            Expectation(
                session="s1",
                path=path,
                exit="nonzero" if cut_short else plot.exit,
                attempts=tuple(
                    ExpectedAttempt(recorder=name, failed=not (taken and name == last))
                    for name in names
                ),
                notices=tuple(_NOTICES[s] for s in path if s in _NOTICES) if wanted else (),
                shows=tuple(output.text for output in (*written, *continued) if output.text),
                recording=("prefix" if lost else "complete") if taken else "none",
                recorded_by=last if taken else "",
            ),
        ),
    )
