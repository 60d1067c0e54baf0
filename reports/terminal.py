"""The summary on screen, and progress while scenarios are played.

On a terminal there are colours (`NO_COLOR` is honoured) and a table; elsewhere plain lines, one for
each thing, that a log keeps well. Nothing that was observed reaches the terminal unescaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from types import TracebackType

from rich.console import Console, Group
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from conformance.judgement import ExitStatus, Finding, Judgement, Run, Status, exit_status
from conformance.machine import Arrow
from reports.visible import one_line

_STYLE = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.WARN: "yellow",
    Status.ERROR: "bold magenta",
    Status.SKIP: "dim",
}
_TOLD = (Status.FAIL, Status.ERROR, Status.WARN)
"""Statuses that the summary explains, in this order."""
_VERDICT = {
    ExitStatus.CONFORMANT: ("conformant", Status.PASS),
    ExitStatus.NOT_CONFORMANT: ("not conformant", Status.FAIL),
    ExitStatus.INCONCLUSIVE: ("inconclusive", Status.ERROR),
}
_EVIDENCE_LINES, _EVIDENCE_WIDTH, _MISSING_CLAUSES, _RUNNING = 3, 160, 12, 3


def print_summary(run: Run, console: Console, report: PurePath | None = None) -> None:
    """Print what came of a run; `report` is the path of its page, told last."""
    told = [result for status in _TOLD for result in run.results if result.status is status]
    if _lively(console):
        if told:
            console.print(_table(told, console))
        for parts in _closing(run, report):
            console.print(_fitting(console, Text.assemble(*parts)), highlight=False)
        return
    for result in told:
        _line(console, f"{result.status} {result.scenario}: {result.title}")
        for finding in _worth_telling(result):
            _line(console, f"    {finding.status} {_headline(finding)}")
            for evidence in _evidence(finding):
                _line(console, f"        {evidence}")
    for parts in _closing(run, report):
        _line(console, Text.assemble(*parts).plain)


class Progress:
    """Live progress of the scenarios of a run: a bar on a terminal, a line for each elsewhere.

    A context manager; all its methods are called from one thread.
    """

    def __init__(self, total: int, console: Console) -> None:
        self._console = console
        self._total = total
        self._done = 0
        self._running: dict[str, None] = {}
        self._counts = dict.fromkeys(Status, 0)
        self._bar = Bar(
            TextColumn("playing"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
            TextColumn("{task.fields[running]}", style="dim", markup=False),
            console=console,
            transient=True,
            disable=not _lively(console),
        )
        self._task = self._bar.add_task("", total=total, counts="", running="")

    def __enter__(self) -> Progress:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def started(self, scenario: str) -> None:
        """Say that a scenario is being played."""
        self._running[scenario] = None
        self._update()

    def finished(self, judgement: Judgement) -> None:
        """Say what came of a scenario."""
        self._running.pop(judgement.scenario, None)
        self._done += 1
        self._counts[judgement.status] += 1
        self._update()
        text = f"{one_line(judgement.scenario)}  {judgement.duration_s:.1f} s"
        if judgement.status in _TOLD and judgement.findings:
            text += f"  {_headline(_worth_telling(judgement)[0])}"
        if not _lively(self._console):
            width = len(str(self._total))
            _line(
                self._console,
                f"[{self._done:{width}}/{self._total}] {judgement.status:5} {text}",
            )
        elif judgement.status in _TOLD:
            line = Text.assemble((f"{judgement.status:5} ", _STYLE[judgement.status]), text)
            self._console.print(_fitting(self._console, line), highlight=False)

    def _update(self) -> None:
        counts = "  ".join(
            f"[{_STYLE[status]}]{count} {status}[/]"
            for status, count in self._counts.items()
            if count
        )
        names = [one_line(name, 40) for name in list(self._running)[:_RUNNING]]
        more = len(self._running) - len(names)
        running = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        self._bar.update(self._task, completed=self._done, counts=counts, running=running)


def _table(results: Sequence[Judgement], console: Console) -> Table:
    table = Table(show_lines=True, expand=True, highlight=False)
    table.add_column("status", no_wrap=True)
    longest = max(len(one_line(result.scenario)) for result in results)
    table.add_column("scenario", overflow="fold", width=min(longest, console.width * 2 // 5))
    table.add_column("findings and evidence", overflow="fold", ratio=1)
    for result in results:
        cells: list[Text | Padding] = []
        for finding in _worth_telling(result):
            cells.append(_fitting(console, Text(_headline(finding), _STYLE[finding.status])))
            cells += [
                Padding(_fitting(console, Text(evidence, "dim")), (0, 0, 0, 2))
                for evidence in _evidence(finding)
            ]
        table.add_row(
            Text(result.status, style=_STYLE[result.status]),
            _fitting(
                console,
                Text.assemble(one_line(result.scenario), "\n", (one_line(result.title), "dim")),
            ),
            Group(*cells),
        )
    return table


def _worth_telling(result: Judgement) -> list[Finding]:
    told = [finding for status in _TOLD for finding in result.findings if finding.status is status]
    return told or list(result.findings)


def _headline(finding: Finding) -> str:
    where = f" (session {finding.session})" if finding.session else ""
    return one_line(f"{finding.clause}: {finding.message}{where}")


def _evidence(finding: Finding) -> Iterator[str]:
    for evidence in finding.evidence[:_EVIDENCE_LINES]:
        yield one_line(evidence, _EVIDENCE_WIDTH)
    more = len(finding.evidence) - _EVIDENCE_LINES
    if more > 0:
        yield f"and {more} more"


Part = str | tuple[str, str]


def _closing(run: Run, report: PurePath | None) -> Iterator[tuple[Part, ...]]:
    """Yield the last lines of a summary: verdict, counts, coverage, and where the page is."""
    verdict, status = _VERDICT[exit_status(run)]
    yield (verdict, _STYLE[status]), f": {one_line(run.target)} in {run.duration_s:.1f} s"
    transitions, clauses = run.coverage.transitions, run.coverage.clauses
    # What a recorder is put through by itself takes no arrows.
    counts: list[Part] = ["scenarios: " if transitions.total else "cases: "]
    for status in Status:
        count = sum(result.status is status for result in run.results)
        counts.append((f"{count} {status}", _STYLE[status] if count else "dim"))
        counts.append(", ")
    yield tuple(counts[:-1])
    if transitions.total:
        never = _never(transitions.missing)
        yield (f"transitions: {transitions.covered} of {transitions.total}{never}",)
    missing = _few(clauses.missing)
    yield (f"clauses: {clauses.covered} of {clauses.total}{missing}",)
    if report is not None:
        yield "report: ", (one_line(str(report)), "bold")


def _never(missing: tuple[Arrow, ...]) -> str:
    names = ", ".join(f"{before} -> {after}" for before, after in missing)
    return f"; never taken: {names}" if names else ""


def _few(missing: tuple[str, ...]) -> str:
    if not missing:
        return ""
    more = len(missing) - _MISSING_CLAUSES
    names = ", ".join(missing[:_MISSING_CLAUSES]) + (f" and {more} more" if more > 0 else "")
    return f"; not checked: {one_line(names)}"


def _lively(console: Console) -> bool:
    return console.is_terminal and not console.is_dumb_terminal


def _line(console: Console, text: str) -> None:
    """Print one plain line, however long: a log folds nothing."""
    console.print(_fitting(console, Text(one_line(text))), soft_wrap=True, highlight=False)


def _fitting(console: Console, text: Text) -> Text:
    """Write what the console's encoding does not have as escapes; the rest stays as it is."""
    whole = text.plain
    fitting = whole.encode(console.encoding, "backslashreplace").decode(console.encoding)
    return text if fitting == whole else Text(fitting)
