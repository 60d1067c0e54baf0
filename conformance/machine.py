"""The failure state machine: everything that decides which state may follow which.

Two rules hold here, as in every good state machine module: all transitions are in this one table,
and the file does not know who plays (a reference server, a vendor's, the simulator).

**Theory of operation.** A session starts in `Connecting`. Its policy is looked up (`CheckPolicy`);
without recording it goes to `NoRecording` and runs. With recording, the recorders' addresses are
resolved (`FindRecorder`), the first is tried (`TryPrimary`), then all others in order
(`TryFailover`; a single recorder that fails passes through it too: the list is exhausted there).
One that answers leads to `Connected` and `Streaming`; none leads to `RecordingFailed`, and the
failure action decides between `SessionRejected` and `SessionAllowed`. A recording that is lost
while it streams leads to `ConnectionLost`, and the failure action decides between
`SessionTerminated` and `ContinueUnrecorded`. Source: the seed's diagram "Failure Handling States",
22 arrows, the start and the three ends counted; nothing else is legal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec


class State(StrEnum):
    """The states of a session, with the marks where it starts and ends."""

    START = "[*] start"
    CONNECTING = "Connecting"
    CHECK_POLICY = "CheckPolicy"
    NO_RECORDING = "NoRecording"
    FIND_RECORDER = "FindRecorder"
    TRY_PRIMARY = "TryPrimary"
    TRY_FAILOVER = "TryFailover"
    CONNECTED = "Connected"
    RECORDING_FAILED = "RecordingFailed"
    SESSION_REJECTED = "SessionRejected"
    SESSION_ALLOWED = "SessionAllowed"
    STREAMING = "Streaming"
    CONNECTION_LOST = "ConnectionLost"
    SESSION_TERMINATED = "SessionTerminated"
    CONTINUE_UNRECORDED = "ContinueUnrecorded"
    SESSION_COMPLETE = "SessionComplete"
    END = "[*] end"


S = State

TRANSITIONS: dict[tuple[State, State], str] = {
    (S.START, S.CONNECTING): "SSH session start",
    (S.CONNECTING, S.CHECK_POLICY): "validate ACL",
    (S.CHECK_POLICY, S.NO_RECORDING): "recording not required",
    (S.CHECK_POLICY, S.FIND_RECORDER): "recording required",
    (S.FIND_RECORDER, S.TRY_PRIMARY): "recorder addresses resolved",
    (S.TRY_PRIMARY, S.CONNECTED): "first recorder answered",
    (S.TRY_PRIMARY, S.TRY_FAILOVER): "first recorder failed",
    (S.TRY_FAILOVER, S.CONNECTED): "a further recorder answered",
    (S.TRY_FAILOVER, S.RECORDING_FAILED): "all recorders failed",
    (S.RECORDING_FAILED, S.SESSION_REJECTED): "reject message set",
    (S.RECORDING_FAILED, S.SESSION_ALLOWED): "reject message empty",
    (S.CONNECTED, S.STREAMING): "recording started",
    (S.STREAMING, S.SESSION_COMPLETE): "normal exit",
    (S.STREAMING, S.CONNECTION_LOST): "recorder lost",
    (S.CONNECTION_LOST, S.SESSION_TERMINATED): "terminate message set",
    (S.CONNECTION_LOST, S.CONTINUE_UNRECORDED): "terminate message empty",
    (S.NO_RECORDING, S.SESSION_COMPLETE): "session ends",
    (S.SESSION_ALLOWED, S.SESSION_COMPLETE): "session ends",
    (S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE): "session ends",
    (S.SESSION_COMPLETE, S.END): "complete",
    (S.SESSION_REJECTED, S.END): "rejected",
    (S.SESSION_TERMINATED, S.END): "terminated",
}
"""The 22 arrows, each with the event that takes it. The only transition table of the project."""

ENDS = frozenset(before for before, after in TRANSITIONS if after is S.END)
"""The states in which a session can end."""

Arrow = tuple[State, State]


class Illegal(msgspec.Struct, frozen=True):
    """The first step of a path that the table does not have."""

    index: int
    """Position in the path of the state that may not follow; ``len(path)`` means the end."""
    before: State
    after: State
    legal: tuple[State, ...]
    """What could have followed `before`."""

    def __str__(self) -> str:
        """Say it in one sentence."""
        legal = " or ".join(self.legal) or "nothing"
        return f"{self.before} was followed by {self.after}; legal: {legal}"


def legal_after(state: State) -> tuple[State, ...]:
    """Return the states that may follow `state`, in the order of the table."""
    return tuple(after for before, after in TRANSITIONS if before == state)


def whole_paths() -> tuple[tuple[State, ...], ...]:
    """Return every path from start to end that the table has, without the two marks.

    The table has no cycle, so they are few.
    """
    found: list[tuple[State, ...]] = []
    growing: list[tuple[State, ...]] = [(State.START,)]
    while growing:
        path = growing.pop(0)
        if path[-1] is State.END:
            found.append(path[1:-1])
        growing.extend((*path, after) for after in legal_after(path[-1]))
    return tuple(found)


def arrows(path: Sequence[State], *, ended: bool = True) -> tuple[Arrow, ...]:
    """Return the arrows that a session took whose states were `path` (without the two marks).

    With `ended` false the session never reached its end, and the last arrow is left out.
    """
    whole = [State.START, *path]
    if ended:
        whole.append(State.END)
    return tuple(itertools.pairwise(whole))


def replay(path: Sequence[State], *, ended: bool = True) -> Illegal | None:
    """Return the first illegal step of `path`, or None when the table has them all."""
    for index, (before, after) in enumerate(arrows(path, ended=ended)):
        if (before, after) not in TRANSITIONS:
            return Illegal(index, before, after, legal_after(before))
    return None


def covered(taken: Iterable[Arrow]) -> tuple[tuple[Arrow, ...], tuple[Arrow, ...]]:
    """Split the table into the arrows that were taken and those that were not."""
    seen = set(taken)
    return (
        tuple(arrow for arrow in TRANSITIONS if arrow in seen),
        tuple(arrow for arrow in TRANSITIONS if arrow not in seen),
    )
