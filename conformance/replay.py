"""Replays what a server reported of a session, and explains the first step that is not legal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from conformance.history import Entered, Event
from conformance.machine import TRANSITIONS, Illegal, State, replay

AROUND = 3
"""Lines of the history that are shown before and after the illegal step."""

LINE_LIMIT = 160
"""Characters of one such line."""


class Explanation(msgspec.Struct, frozen=True):
    """The first illegal step of a session, and what surrounds it."""

    illegal: Illegal
    legal: tuple[tuple[State, str], ...]
    """States that could have followed, each with the event that leads there."""
    lines: tuple[str, ...]
    """The history around it, shortened; the line of the illegal step begins with ``>``."""

    @property
    def state(self) -> State:
        """The state in which it happened."""
        return self.illegal.before

    @property
    def event(self) -> str:
        """What happened: the state that was entered, or the end of the session."""
        after = self.illegal.after
        return "the session ended" if after is State.END else f"entered {after}"

    def __str__(self) -> str:
        """Say it in one sentence."""
        legal = " or ".join(f"{state} ({event})" for state, event in self.legal) or "nothing"
        return f"in {self.state} {self.event}; legal: {legal}"


def explain(reports: Sequence[Event], *, ended: bool) -> Explanation | None:
    """Explain the first illegal step of one session; None when the table has them all.

    `reports` are the events of one observer about one session, in that observer's order. `ended`
    says that the session reached its end after the last of them.
    """
    steps = [(i, e.what.state) for i, e in enumerate(reports) if isinstance(e.what, Entered)]
    illegal = replay([state for _, state in steps], ended=ended)
    if illegal is None:
        return None
    at = steps[illegal.index][0] if illegal.index < len(steps) else len(reports)
    legal = tuple(
        (after, event) for (before, after), event in TRANSITIONS.items() if before is illegal.before
    )
    return Explanation(illegal, legal, tuple(_around(reports, at)))


def _around(reports: Sequence[Event], at: int) -> Iterator[str]:
    for index in range(max(0, at - AROUND), min(len(reports), at + AROUND + 1)):
        yield f"{'>' if index == at else ' '} {describe(reports[index])}"
    if at == len(reports):
        yield "> the end of the session"


def describe(event: Event) -> str:
    """Write an event on one line: its observer and number, its kind, and its fields, shortened."""
    fields = msgspec.structs.asdict(event.what)
    named = [f"{name}={_plain(value)}" for name, value in fields.items() if value not in ("", None)]
    kind = event.what.__struct_config__.tag
    text = " ".join([f"{event.observer} {event.seq}", str(kind), *named])
    return text if len(text) <= LINE_LIMIT else f"{text[: LINE_LIMIT - 1]}…"


def _plain(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        return msgspec.json.encode(value).decode()
    return str(value) if isinstance(value, str | int) else repr(value)
