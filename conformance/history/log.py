"""All kinds of event, the event itself, and an observer's part while it is being written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias, get_args

import msgspec

from conformance.history.network import NetworkKind
from conformance.history.recorders import RecorderKind
from conformance.history.rig import RigKind
from conformance.history.servers import ServerKind
from conformance.history.user import UserKind
from conformance.probed import ProbeKind

Kind: TypeAlias = RigKind | UserKind | NetworkKind | ServerKind | RecorderKind | ProbeKind

KINDS: dict[str, type[Kind]] = {kind.__struct_config__.tag: kind for kind in get_args(Kind)}
"""All kinds of event by the name that they have in files."""

MOST = (1 << 63) - 1
"""What a number or a time of an event can be at most."""


class Event(msgspec.Struct, frozen=True):
    """One line of a history."""

    observer: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=MOST)]
    at: Annotated[int, msgspec.Meta(ge=0, le=MOST)]
    what: Kind


History: TypeAlias = tuple[Event, ...]


class Log:
    """One observer's part of a history while it is being written.

    `clock` returns monotonic nanoseconds; every event goes to `sink` as soon as it is noted. A
    part that was restarted goes on counting at `first_seq`.
    """

    def __init__(
        self,
        observer: str,
        clock: Callable[[], int],
        sink: Callable[[Event], None],
        first_seq: int = 0,
    ) -> None:
        self.observer = observer
        self._clock = clock
        self._sink = sink
        self._seq = first_seq

    def note(self, what: Kind, *, at: int | None = None) -> None:
        """Write down what happened, now or at the monotonic time `at`."""
        event = Event(self.observer, self._seq, self._clock() if at is None else at, what)
        self._seq += 1
        self._sink(event)
