"""What the suite says about upstream's client, clause by clause, counted anew from a run.

`docs/upstream-client.md` holds the prose; what stands between its marks is written here:

    recspec check client fixtures/targets/upstream-client.toml --matrix --out DIR
    python -m scenarios.upstream_page DIR/results.json

The run may also be two, of the library and of the matrix. Every clause that was broken must be one
of the findings below, and every finding must show again: else nothing is written, and what is new,
or gone, is said. So nothing on the page is broken for a reason that nobody looked for.
"""

from __future__ import annotations

import fnmatch
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from conformance.clauses import CATALOGUE
from conformance.judgement import Status
from scenarios.matrix import MATRIX

PAGE = Path(__file__).parents[1] / "docs" / "upstream-client.md"
TARGET = "fixtures/targets/upstream-client.toml"
REGENERATE = (
    f"recspec check client {TARGET} --matrix --out DIR; "
    "python -m scenarios.upstream_page DIR/results.json"
)
_BEGIN = f"<!-- Counted from a run; do not edit. Make it anew: {REGENERATE} -->"
_END = "<!-- End of what was counted. -->"
_BROKEN = (Status.FAIL, Status.WARN)


class Finding(msgspec.Struct, frozen=True):
    """What one finding of the page breaks, and in which scenarios; see the page for the reason."""

    number: int
    clauses: tuple[str, ...]
    scenarios: tuple[str, ...]
    """IDs, or patterns of the matrix's."""
    sometimes: bool = False
    """True where it hangs on who is first, the break or the session's output, whether it shows."""

    def explains(self, scenario: str, clause: str) -> bool:
        """Tell whether this is why the clause was broken there."""
        return clause in self.clauses and any(
            fnmatch.fnmatchcase(scenario, pattern) for pattern in self.scenarios
        )


def _of_matrix(protocols: str, faults: str, moments: str) -> tuple[str, ...]:
    """Return the patterns of every combination of what stands between the blanks."""
    axes = itertools.product(protocols.split(), faults.split(), moments.split())
    return tuple(f"{MATRIX}/{'/'.join(one)}/*" for one in axes)


_QUIET = "first-output idle mid-character"
"""Moments after which the session says nothing for a while."""

FINDINGS = (
    Finding(
        1,
        ("choose-3", "choose-18", "machine-2", "streaming-5"),
        ("failover/fourth-wins", "failover/no-storage"),
    ),
    Finding(
        1,
        ("choose-18", "machine-2", "streaming-5"),
        _of_matrix("v2", "garbage goaway goaway-error half-closed reset rst-*", "open"),
    ),
    Finding(
        1,
        ("v2-16", "streaming-5"),
        (
            "loss/beside",
            "loss/control-500",
            "loss/cut",
            "loss/cut-acked",
            "loss/cut-open",
            "loss/descendants",
            "loss/idle",
            "loss/killed-acked",
            "loss/killed-both",
            "loss/killed-neither",
            "loss/killed-reject-only",
            "loss/killed-terminate-only",
            "loss/multiplexed",
            "openssh/multiplexed-lost",
            "openssh/terminate",
            "policy/changed",
            "policy/check-first-stands",
            "user/password-lost",
            *_of_matrix("v2", "goaway-error half-closed killed reset restarted", _QUIET),
        ),
    ),
    Finding(
        1,
        ("v2-16", "streaming-5"),
        _of_matrix("v2", "goaway-error half-closed reset", "before-header header"),
        sometimes=True,
    ),
    Finding(
        2,
        ("choose-3", "choose-17", "choose-18", "machine-2", "streaming-5"),
        (
            "choosing/silent-open",
            "failover/runs-late",
            "failover/silent",
            "failover/stopped",
            "open/control-silent",
            "reject/budget",
            *_of_matrix("v1 v2", "silent", "open"),
            *_of_matrix("v2", "silent stopped black-hole", "dial"),
        ),
    ),
    Finding(
        3,
        ("streaming-10", "streaming-5"),
        (
            "loss/killed-v1",
            "loss/reset-v1",
            *_of_matrix("v1", "garbage half-closed killed reset restarted", _QUIET),
        ),
    ),
    Finding(
        3,
        ("streaming-10", "streaming-5"),
        _of_matrix("v1", "garbage half-closed reset", "before-header header"),
        sometimes=True,
    ),
    Finding(
        4,
        ("v1-12", "streaming-23"),
        (
            "loss/no-final",
            "loss/no-final-idle",
            "loss/no-final-v1",
            *_of_matrix("v1", "silent stopped black-hole", "closing"),
        ),
    ),
    Finding(5, ("choose-12",), _of_matrix("v2", "goaway", "probe")),
    Finding(
        7,
        ("choose-14",),
        (
            "choosing/redirect",
            *_of_matrix("v1 v2", "status-302", "open"),
            *_of_matrix("v2", "status-302", "probe"),
            *_of_matrix("v1", "status-302", "closing"),
        ),
    ),
    Finding(8, ("hostile-14",), ("loss/endless-frame",)),
    Finding(
        9,
        ("choose-20",),
        (
            "failover/fourth-wins",
            "failover/no-storage",
            *_of_matrix("v1 v2", "silent", "open"),
            *_of_matrix("v2", "silent stopped black-hole", "dial"),
        ),
    ),
)
"""What the page's findings break; 6 was a defect of ours, and breaks nothing."""


class Found(msgspec.Struct):
    """One finding of a result."""

    clause: str
    status: Status


class Result(msgspec.Struct):
    """As much of a result as is counted here."""

    id: str
    status: Status
    clauses: tuple[str, ...]
    findings: tuple[Found, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The clauses that were broken in it."""
        found = [one.clause for one in self.findings if one.status in _BROKEN]
        return tuple(dict.fromkeys(found))

    @property
    def of_matrix(self) -> bool:
        """True for a scenario of the matrix."""
        return self.id.startswith(f"{MATRIX}/")


class _Results(msgspec.Struct):
    """As much of results.json as is needed here."""

    target: str
    speed: int
    results: tuple[Result, ...]


class UnfitError(ValueError):
    """Results that cannot be counted; the message says why."""


def read(files: Iterable[bytes]) -> dict[str, Result]:
    """Read one or more results.json of upstream's client; a scenario's last result counts.

    Raises UnfitError when one is of something else, or a scenario's result is an error.
    """
    results: dict[str, Result] = {}
    for data in files:
        try:
            run = msgspec.json.decode(data, type=_Results)
        except msgspec.MsgspecError as error:
            raise UnfitError(f"not the results of a run: {error}") from None
        if not run.target.startswith("upstream client") or run.speed != 1:
            raise UnfitError(f"the run must be of {TARGET}, and is of {run.target}")
        results |= {result.id: result for result in run.results}
    bad = [result.id for result in results.values() if result.status is Status.ERROR]
    if bad:
        raise UnfitError(f"nothing is known of these: {', '.join(bad)}")
    if len({result.of_matrix for result in results.values()}) != 2:
        raise UnfitError("the library and the matrix must both have been played")
    return results


def unexplained(results: Mapping[str, Result]) -> Iterator[str]:
    """Yield what was broken for no reason that is known, and what breaks no more."""
    for result in results.values():
        for clause in result.broken:
            if not _explaining(result.id, clause):
                yield f"{result.id}: {clause} is broken, and no finding says why"
    broken = [(one.id, clause) for one in results.values() for clause in one.broken]
    for finding in FINDINGS:
        for pattern in () if finding.sometimes else finding.scenarios:
            single = msgspec.structs.replace(finding, scenarios=(pattern,))
            known = fnmatch.filter(results, pattern)
            if known and not any(single.explains(*pair) for pair in broken):
                yield f"{pattern}: nothing of finding {finding.number} is broken there any more"


def _explaining(scenario: str, clause: str) -> set[int]:
    return {finding.number for finding in FINDINGS if finding.explains(scenario, clause)}


def counted(results: Mapping[str, Result]) -> str:
    """Return what stands between the page's marks; UnfitError when something is unexplained."""
    if faults := list(unexplained(results)):
        raise UnfitError("\n".join(faults))
    lines = [*_summary(results.values()), "", *_by_clause(results.values()), ""]
    return "\n".join([_BEGIN, "", *lines, *_by_finding(results.values()), "", _END])


def _summary(results: Iterable[Result]) -> Iterator[str]:
    yield "| | scenarios | pass | fail | warn | skip |"
    yield "|---|--:|--:|--:|--:|--:|"
    held = list(results)
    for title, of_matrix in (("library", False), ("matrix", True)):
        counts = Counter(one.status for one in held if one.of_matrix is of_matrix)
        numbers = [counts.total(), *(counts[status] for status in _COLUMNS)]
        yield f"| {title} | {' | '.join(map(str, numbers))} |"


_COLUMNS = (Status.PASS, Status.FAIL, Status.WARN, Status.SKIP)


def _by_clause(results: Iterable[Result]) -> Iterator[str]:
    yield "| clause | level | what it asks for | library | matrix | verdict |"
    yield "|---|---|---|---|---|---|"
    judged: Counter[tuple[str, bool]] = Counter()
    broken: Counter[tuple[str, bool]] = Counter()
    why: dict[str, set[int]] = {}
    for result in results:
        judged.update((clause, result.of_matrix) for clause in result.clauses)
        broken.update((clause, result.of_matrix) for clause in result.broken)
        for clause in result.broken:
            why.setdefault(clause, set()).update(_explaining(result.id, clause))
    for one in CATALOGUE.values():
        counts = [(judged[one.id, part], broken[one.id, part]) for part in (False, True)]
        if not any(seen for seen, _ in counts):
            continue
        cells = [f"{seen} / {bad}" if seen else "not seen" for seen, bad in counts]
        numbers = sorted(why.get(one.id, ()))
        verdict = f"broken {numbers}" if numbers else "kept"
        text = one.text.replace("|", "\\|")
        linked = f"[{one.id}](spec.md#{one.id})"
        yield f"| {linked} | {one.level} | {text} | {' | '.join(cells)} | {verdict} |"


def _by_finding(results: Iterable[Result]) -> Iterator[str]:
    yield "| finding | clause | broken in |"
    yield "|---|---|---|"
    shown: dict[tuple[int, str], list[Result]] = {}
    for result in results:
        for clause in result.broken:
            for number in _explaining(result.id, clause):
                shown.setdefault((number, clause), []).append(result)
    order = list(CATALOGUE)
    for number, clause in sorted(shown, key=lambda pair: (pair[0], order.index(pair[1]))):
        places = ", ".join(f"`{place}`" for place in _places(shown[number, clause]))
        yield f"| {number} | {clause} | {places} |"


def _places(results: Iterable[Result]) -> Iterator[str]:
    """Yield the scenarios; of the matrix the protocol, the fault, and its moments."""
    moments: dict[str, dict[str, None]] = {}
    for result in results:
        if result.of_matrix:
            _, protocol, fault, moment, *_ = result.id.split("/")
            moments.setdefault(f"{MATRIX}/{protocol}/{fault}", {})[moment] = None
        else:
            yield result.id
    for fault, found in moments.items():
        together = ",".join(found)
        yield f"{fault}/{{{together}}}" if len(found) > 1 else f"{fault}/{together}"


def renewed(page: str, results: Mapping[str, Result]) -> str:
    """Return the page with what stands between its marks counted anew; UnfitError without marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise UnfitError(f"the page lacks its marks: {_BEGIN} and {_END}")
    return before + counted(results) + after


def main(arguments: list[str]) -> int:
    """Count the results.json that are named, and write the page; return the exit status."""
    if not arguments:
        sys.stderr.write(f"usage: {REGENERATE}\n")
        return 2
    try:
        page = renewed(PAGE.read_text(), read(Path(name).read_bytes() for name in arguments))
    except (OSError, UnfitError) as error:
        why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        sys.stderr.write(f"{why}\n")
        return 2
    written = PAGE.with_suffix(".new")
    written.write_text(page)
    written.replace(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
