"""How far a campaign is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_EACH_S = 10.0
_MINUTE, _HOUR = 60, 3600


class CampaignProgress:
    """Progress over a number of seeds. A context manager."""

    def __init__(self, total: int, before: int, console: Console) -> None:
        """Begin; `before` of `total` were done by an earlier run."""
        self._total, self._done, self._before = total, before, before
        self._console = console
        self._note = ""
        self._begun = time.monotonic()
        self._next = self._begun + _EACH_S
        self._first = True
        self._bar = Progress(
            TextColumn("simulating"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("seeds"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total, completed=before, left="")

    def __enter__(self) -> CampaignProgress:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self._bar.stop()

    @property
    def done(self) -> int:
        """How many seeds have their result."""
        return self._done

    def add(self) -> None:
        """One more is done."""
        self._done += 1

    def tick(self, note: str = "") -> None:
        """Show how far it is, and `note`, which says what somebody who waits should know."""
        said = "; ".join(filter(None, (self._left(), note)))
        self._bar.update(self._task, completed=self._done, left=said)
        now = time.monotonic()
        first = self._first and self._done > self._before
        if self._console.is_terminal or not (first or now >= self._next or note != self._note):
            return
        self._next, self._note, self._first = now + _EACH_S, note, self._first and not first
        line = f"simulated {self._done} of {self._total} seeds"
        line += f", {said}" if said else ""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _left(self) -> str:
        """Estimate the time that remains, by the seeds that were played in this run."""
        played = self._done - self._before
        if not played:
            return ""
        each = (time.monotonic() - self._begun) / played
        return f"about {rounded(each * (self._total - self._done))} left"


def rounded(seconds: float) -> str:
    """Write a time as somebody would say it."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
