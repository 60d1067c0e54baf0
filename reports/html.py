"""The HTML report: one page that needs nothing but itself.

Whatever it shows may have come off the wire, so three things stand between a hostile byte and the
reader: every value is made visible (`reports.visible`), the template engine escapes it, and the
page's own policy allows no script or style but the two it carries, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.clauses import CATALOGUE, Clause
from conformance.history import History
from conformance.judgement import ExitStatus, Judgement, Run, Status, exit_status, worst
from conformance.machine import TRANSITIONS, Arrow
from reports.machine_svg import machine_svg
from reports.timeline import Timeline, timeline
from reports.visible import one_line, visible

EVENTS_OF_ONE = 400
"""Most events of one history that the page shows."""
EVENTS_OF_ALL = 24_000
"""About how many events the page shows altogether: browsers get slow far above it."""
_EVIDENCE_LIMIT = 2000

_VERDICTS = {
    ExitStatus.CONFORMANT: ("pass", "Conformant"),
    ExitStatus.NOT_CONFORMANT: ("fail", "Not conformant"),
    ExitStatus.INCONCLUSIVE: ("error", "Inconclusive"),
}
_BAD = {Status.FAIL, Status.ERROR}
_ORDER = (Status.FAIL, Status.ERROR, Status.WARN, Status.PASS, Status.SKIP)


class Artifact(NamedTuple):
    """A file of a scenario; `href` is empty where a link would lead out of the run's folder."""

    path: str
    href: str


class ScenarioView(NamedTuple):
    """What the page shows of one scenario."""

    anchor: str
    judgement: Judgement
    arrows: tuple[int, ...]
    artifacts: tuple[Artifact, ...]
    timeline: Timeline | None
    search: str


class ArrowView(NamedTuple):
    """One arrow of the table, and in how many scenarios it was taken."""

    number: int
    before: str
    after: str
    label: str
    scenarios: int


class ClauseView(NamedTuple):
    """One clause, the worst that was found about it, and how many scenarios checked it."""

    id: str
    clause: Clause | None
    status: str
    scenarios: int


def html_page(run: Run, histories: Mapping[str, History] | None = None) -> str:
    """Return the report as one HTML page; `histories` are by scenario ID, where there are any."""
    environment = _environment()
    style, script = _source(environment, "report.css"), _source(environment, "report.js")
    counts = _arrow_counts(run)
    verdict, verdict_text = _VERDICTS[exit_status(run)]
    return environment.get_template("report.html.j2").render(
        run=run,
        noun="scenarios" if run.coverage.transitions.total else "cases",
        verdict=verdict,
        verdict_text=verdict_text,
        counts=[(status.value, _count(run, status)) for status in _ORDER],
        scenarios=_scenarios(run, histories or {}),
        catalogue=CATALOGUE,
        machine=machine_svg(frozenset(counts), counts),
        arrows=[
            ArrowView(number, arrow[0].value, arrow[1].value, label, counts[arrow])
            for number, (arrow, label) in enumerate(TRANSITIONS.items())
        ],
        clauses=_clauses(run),
        style=Markup(style),  # noqa: S704 - our own file, nothing from outside
        script=Markup(script),  # noqa: S704 - the same
        style_digest=_digest(style),
        script_digest=_digest(script),
    )


def seconds(duration: float) -> str:
    """Return a duration in seconds as people read it."""
    if duration < 10:
        return f"{duration:.2f} s"
    if duration < 120:
        return f"{duration:.1f} s"
    return f"{int(duration // 60)} min {int(duration % 60)} s"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seconds"] = seconds
    environment.filters["gravest_first"] = lambda found: sorted(
        found, key=lambda finding: _GRAVITY.index(finding.status)
    )
    environment.filters["evidence"] = lambda text: one_line(text, _EVIDENCE_LIMIT)
    return environment


_GRAVITY = (Status.ERROR, Status.FAIL, Status.WARN, Status.PASS, Status.SKIP)


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _finalize(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _count(run: Run, status: Status) -> int:
    return sum(result.status is status for result in run.results)


def _arrow_counts(run: Run) -> Counter[Arrow]:
    """Count the scenarios that took each arrow of the table; what is outside it is no coverage."""
    return Counter(
        arrow for result in run.results for arrow in set(result.transitions) if arrow in TRANSITIONS
    )


def _scenarios(run: Run, histories: Mapping[str, History]) -> list[ScenarioView]:
    numbers = {arrow: number for number, arrow in enumerate(TRANSITIONS)}
    limits = _limits(run, histories)
    views = []
    ranked = sorted(run.results, key=lambda result: (_ORDER.index(result.status), result.scenario))
    for index, result in enumerate(ranked):
        history = histories.get(result.scenario)
        taken = {numbers[arrow] for arrow in result.transitions if arrow in numbers}
        words = [result.scenario, result.title, *result.clauses]
        words += [f"{finding.clause} {finding.message}" for finding in result.findings]
        views.append(
            ScenarioView(
                anchor=f"s{index}",
                judgement=result,
                arrows=tuple(sorted(taken)),
                artifacts=tuple(Artifact(path, _href(path)) for path in result.artifacts),
                timeline=timeline(history, limits[result.status in _BAD]) if history else None,
                search=one_line(" ".join(words)).lower(),
            )
        )
    return views


def _limits(run: Run, histories: Mapping[str, History]) -> dict[bool, int]:
    """Return how many events of one history the page shows, by whether its scenario went badly.

    Half of the page is for those that did: they are what a reader comes for.
    """
    there = [result.status in _BAD for result in run.results if result.scenario in histories]
    return {
        bad: max(20, min(EVENTS_OF_ONE, EVENTS_OF_ALL // 2 // max(there.count(bad), 1)))
        for bad in (True, False)
    }


def _href(path: str) -> str:
    """Return a link to an artifact, or nothing where it would lead out of the run's folder."""
    if path.startswith(("/", "\\")) or ".." in path.split("/"):
        return ""
    return quote(path, errors="replace")


def _clauses(run: Run) -> list[ClauseView]:
    checked = Counter(clause for result in run.results for clause in result.clauses)
    found: dict[str, list[Status]] = {}
    for result in run.results:
        for finding in result.findings:
            found.setdefault(finding.clause, []).append(finding.status)
    missing = run.coverage.clauses.missing
    everything = [*CATALOGUE, *checked, *found, *missing]
    views = []
    for clause in dict.fromkeys(everything):
        said = found.get(clause, [])
        if checked[clause]:
            status = worst([*said, Status.PASS]).value
        elif said:
            status = worst(said).value
        elif clause in missing:
            status = "missing"
        else:
            continue
        views.append(ClauseView(clause, CATALOGUE.get(clause), status, checked[clause]))
    return views
