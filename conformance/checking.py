"""What a checker is, how it speaks, and how a history is judged by all of them.

A checker is a pure function from a joined history to findings. It says of each clause that it
looked at whether it held, was broken, or could not be known or seen. A checker that raises makes
its clauses ``error``, never ``pass``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from conformance.clauses import CATALOGUE, Level
from conformance.history import History, Late, Problem
from conformance.inference import infer
from conformance.joining import join
from conformance.judgement import Finding, Judgement, Status, worst
from conformance.machine import ENDS, Arrow, arrows
from conformance.scenario import Scenario
from conformance.sessions import View

EVIDENCE_LIMIT = 400
"""Characters of one piece of evidence."""

RIG = "rig"
"""Stands in place of a clause where the rig itself is at fault."""


def quote(value: object) -> str:
    """Shorten something of the history for use as evidence."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= EVIDENCE_LIMIT else f"{text[: EVIDENCE_LIMIT - 3]}..."


class Findings:
    """Collects what checkers say about one scenario."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checked: set[str] = set()

    def held(self, clause: str) -> None:
        """The clause was looked at and holds, unless something else says that it is broken."""
        self.checked.add(clause)

    def broken(self, clause: str, message: str, *evidence: object, session: str = "") -> None:
        """The clause is broken: a fail for a MUST, a warning otherwise."""
        self.checked.add(clause)
        must = CATALOGUE[clause].level is Level.MUST
        self._add(clause, Status.FAIL if must else Status.WARN, message, evidence, session)

    def expect(
        self, clause: str, holds: bool, message: str, *evidence: object, session: str = ""
    ) -> None:
        """Say `held` or `broken`."""
        if holds:
            self.held(clause)
        else:
            self.broken(clause, message, *evidence, session=session)

    def unknown(self, clause: str, message: str, *evidence: object, session: str = "") -> None:
        """Nothing is known of the clause, and it should be: an error."""
        self._add(clause, Status.ERROR, message, evidence, session)

    def void(self, clause: str, message: str, *evidence: object, session: str = "") -> None:
        """Our own lateness spoiled the observation: an error, unless it is taken again."""
        self._add(clause, Status.ERROR, message, evidence, session, void=True)

    def unseen(self, clause: str, why: str, *, session: str = "") -> None:
        """The clause cannot be seen from where we stand: a skip, with the reason."""
        self._add(clause, Status.SKIP, why, (), session)

    def _add(
        self,
        clause: str,
        status: Status,
        message: str,
        evidence: tuple[object, ...],
        session: str,
        *,
        void: bool = False,
    ) -> None:
        self.findings.append(
            Finding(
                clause=clause,
                status=status,
                message=message,
                evidence=tuple(quote(piece) for piece in evidence),
                session=session,
                void=void,
            )
        )


Checker = Callable[[View, Findings], None]

_CHECKERS: list[tuple[Checker, tuple[str, ...]]] = []


def checks(*clauses: str) -> Callable[[Checker], Checker]:
    """Register a checker and the clauses that it checks."""

    def register(checker: Checker) -> Checker:
        _CHECKERS.append((checker, clauses))
        return checker

    return register


_MODULES = (
    "rig",
    "machine",
    "choosing",
    "requests",
    "attempts",
    "sending",
    "losses",
    "events",
    "event_bodies",
    "claims",
    "paths",
    "access",
    "deciding",
    "identity",
    "headers",
    "wire",
    "failure",
    "enforcement",
    "order",
    "notices",
    "noticing",
    "recording",
    "screens",
    "validity",
    "privacy",
)


def checkers() -> Iterator[tuple[Checker, tuple[str, ...]]]:
    """Yield all checkers with their clauses."""
    for module in _MODULES:
        import_module(f"conformance.checkers.{module}")
    yield from _CHECKERS


def judge(scenario: Scenario | None, history: History) -> Judgement:
    """Judge one history by every checker.

    Without a scenario, what only a scenario can say is skipped, with the reason.
    """
    view = join(scenario, history)
    infer(view)
    out = Findings()
    for checker, clauses in checkers():
        try:
            checker(view, out)
        except Exception as error:  # noqa: BLE001 - a checker that raises knows nothing
            for clause in clauses:
                out.unknown(clause, f"the checker broke: {type(error).__name__}: {error}")
    _doubt_our_own_lateness(view, out)
    if any(isinstance(event.what, Problem) for event in history):
        out = _problems_alone(history)
    statuses = [finding.status for finding in out.findings if finding.status is not Status.SKIP]
    if not statuses and not out.checked:
        out.unknown(RIG, "nothing could be checked")
        statuses = [Status.ERROR]
    times = [event.at for event in history]
    return Judgement(
        scenario=view.scenario.id,
        title=view.scenario.title,
        status=worst(statuses or [Status.PASS]),
        duration_s=(max(times) - min(times)) / 1e9 if times else 0.0,
        clauses=tuple(clause for clause in CATALOGUE if clause in out.checked),
        findings=tuple(out.findings),
        transitions=transitions(view) if out.checked else (),
    )


def _problems_alone(history: History) -> Findings:
    """Say how the rig failed, and nothing else: whatever followed from it is not known."""
    out = Findings()
    for event in history:
        if isinstance(event.what, Problem):
            out.unknown(RIG, f"{event.observer}: {event.what.what}")
    return out


def _doubt_our_own_lateness(view: View, out: Findings) -> None:
    """Void what looks broken when our own parts were late enough to have broken it themselves.

    A reference part that reacts a quarter of the shortest timer late can make an attempt fail that
    nothing disturbed. Parts that the scenario itself stops do not count.
    """
    if not any(finding.status in (Status.FAIL, Status.WARN) for finding in out.findings):
        return
    stopped = {f"recorder/{plan.node}" for plan in view.scenario.faults}
    late = max(
        (
            event.what.by
            for event in view.history
            if isinstance(event.what, Late) and event.observer not in stopped
        ),
        default=0,
    )
    if late >= min(view.timers.dial, view.timers.open) // 4:
        out.void(RIG, f"our own parts were up to {late / 1e6:.0f} ms late: nobody can be blamed")


def transitions(view: View) -> tuple[Arrow, ...]:
    """Return the arrows that the sessions took, each once, in the order of first sight."""
    taken: dict[Arrow, None] = {}
    for session in view.sessions.values():
        path = session.path
        if path:
            ended = path[-1] in ENDS and (session.left or session.server is None)
            taken.update(dict.fromkeys(arrows(path, ended=ended)))
    return tuple(taken)
