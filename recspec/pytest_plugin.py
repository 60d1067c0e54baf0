"""The pytest plugin: ``pytest --recspec-target PROFILE`` makes every check an item of a test run.

It may land in an environment with a vendor's own ``fixtures`` or ``reports``. So it imports nothing
of ours outside `recspec`, and the suite is played by another interpreter (`recspec.suite_process`):
one for a whole run, also with pytest-xdist, which starts when the first item does, plays all that
were selected at once, and lets each item wait for its own result. Without the option it does
nothing.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from recspec.suite_process import Case, Judged, Results, SuiteError, SuiteProcess

NAME = "recspec"
_SELECTED = re.compile(rf"(?:\.\./)*{NAME}::(.+)")
_CASES, _FOLDER = "recspec_cases", "recspec_folder"
"""What a worker is given."""


class RecspecWarning(pytest.PytestWarning):
    """A SHOULD is broken."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup(NAME, "session recorders, their clients and SSH servers under test")
    group.addoption(
        "--recspec-target",
        metavar="TARGET",
        help="Check this target: its profile (a TOML file), or http://HOST:PORT of a recorder.",
    )
    group.addoption(
        "--recspec-matrix",
        action="store_true",
        help="Check a client or an SSH server by the generated matrix, too.",
    )
    group.addoption(
        "--recspec-out",
        metavar="DIR",
        help="A new folder for recspec's results (default: one by the time in recspec-results).",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find out what there is to be checked, when a target is given."""
    target = config.getoption("recspec_target")
    if not target:
        return
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is None:
        player = _begin(config, target)
        cases, folder = player.cases, player.process.folder
    else:
        cases = [Case(i, t, lv, tuple(cl)) for i, t, lv, cl in given[_CASES]]
        folder = Path(given[_FOLDER])
    config.addinivalue_line("markers", f"{NAME}: a check of {target}, played by recspec")
    for name, what in sorted(_markers(cases).items()):
        config.addinivalue_line("markers", f"{name}: {what}")
    asked = _asked_for(config, target, cases)
    place = config.rootpath / NAME if "://" in target else config.invocation_params.dir / target
    items = _Items(place, asked, Results(folder))
    config.pluginmanager.register(items, f"{NAME}-items")


def _begin(config: pytest.Config, target: str) -> _Player:
    """Find out what could be played, and register who plays it."""
    folder = tempfile.TemporaryDirectory(prefix="recspec-pytest-")
    config.add_cleanup(folder.cleanup)
    process = SuiteProcess(
        target,
        config.invocation_params.dir,
        Path(folder.name),
        config.getoption("recspec_out"),
        matrix=config.getoption("recspec_matrix"),
    )
    try:
        player = _Player(process, process.cases())
    except SuiteError as error:
        raise pytest.UsageError(f"--recspec-target {target}: {error}") from None
    config.pluginmanager.register(player, f"{NAME}-player")
    return player


def _asked_for(config: pytest.Config, target: str, cases: list[Case]) -> list[Case]:
    """Return the cases that the arguments name, one by one or by folder; all, if they name none.

    What names them is taken out of the arguments: pytest would look for it among the files.
    """
    matches = [_SELECTED.fullmatch(arg) for arg in config.args]
    config.args = [arg for arg, match in zip(config.args, matches, strict=True) if not match]
    names = [match[1].rstrip("/") for match in matches if match]
    found = {name: [c for c in cases if f"{c.id}/".startswith(f"{name}/")] for name in names}
    for name, meant in found.items():
        if not meant:
            raise pytest.UsageError(f"{NAME}::{name}: no such case for {target}")
    asked = {case.id for meant in found.values() for case in meant}
    return [case for case in cases if case.id in asked] if names else cases


def _marker(name: str) -> str:
    return f"{NAME}_{re.sub(r'[^0-9A-Za-z]', '_', name)}"


def _markers(cases: Iterable[Case]) -> dict[str, str]:
    """Return all markers, each with what it stands for."""
    levels = {_marker(case.level): f"belongs to {case.level}" for case in cases if case.level}
    clauses = {_marker(c): f"checks the clause {c}" for case in cases for c in case.clauses}
    return levels | clauses


class _Player:
    """Plays the suite: in the one process of a test run, or in that which gives out the work."""

    def __init__(self, process: SuiteProcess, cases: list[Case]) -> None:
        self.process = process
        self.cases = cases
        self._results = Results(process.folder)
        self._selected: list[str] = []

    def pytest_report_header(self) -> str:
        """Say what is checked."""
        command = " ".join(self.process.command)
        return f"recspec: {command} {self.process.target}, {len(self.cases)} cases"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what was selected."""
        self._selected = [item.case.id for item in session.items if isinstance(item, CaseItem)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker what is known already."""
        node.workerinput[_CASES] = [list(case) for case in self.cases]
        node.workerinput[_FOLDER] = str(self.process.folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Note what a worker selected: all select the same."""
        prefix = f"{NAME}::"
        self._selected = [one.removeprefix(prefix) for one in ids if one.startswith(prefix)]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Start to play when the first item of ours begins, here or in a worker."""
        if nodeid.startswith(f"{NAME}::"):
            self.process.start(self._selected)

    def pytest_sessionfinish(self) -> None:
        """Let it write its reports; stop it when the test run broke off."""
        self.process.end(stop=not self._results.has(self._selected))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what came of it as a whole, and where more is."""
        end = self._results.end()
        if end is None:
            return
        self._results.read()
        ended = self._results.ended
        terminalreporter.section(NAME)
        for line in ended.get("told", ()):
            terminalreporter.write_line(line)
        if ended.get("page"):
            terminalreporter.write_line(f"report: {ended['page']}")
        else:
            terminalreporter.write_line(f"no report: {end.words}", red=True)


class _Items:
    """Adds the items, and shows each as what it is."""

    def __init__(self, place: Path, cases: list[Case], results: Results) -> None:
        self._place = place
        """What a skip and a warning point to: the profile says what the target has."""
        self._cases = cases
        self._results = results

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add ours before any are deselected."""
        suite = Suite.from_parent(
            session,
            name=NAME,
            nodeid=NAME,
            path=session.config.rootpath,
            place=self._place,
            cases=self._cases,
            results=self._results,
        )
        items.extend(session.genitems(suite))

    @pytest.hookimpl(hookwrapper=True)  # the old way: an old pytest must not stumble over us
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, None]:
        """Tell how long a case took in place of how long it was waited for, and why it is skipped.

        All are played at once: the first would seem to take as long as the longest.
        """
        report: pytest.TestReport = (yield).get_result()
        if isinstance(item, CaseItem):
            told = item.judged if call.when == item.told_when else None
            report.duration = told.duration_s if told else 0.0
            if report.skipped and isinstance(report.longrepr, tuple):
                report.longrepr = (str(self._place), 1, report.longrepr[2])


class Suite(pytest.Collector):
    """The suite, with the cases that are asked for."""

    def __init__(self, *, place: Path, cases: list[Case], results: Results, **given: Any) -> None:
        super().__init__(**given)
        self._place = place
        self._cases = cases
        self._results = results

    def collect(self) -> Iterable[pytest.Item]:
        """Make an item of each case."""
        for case in self._cases:
            yield CaseItem.from_parent(
                self, name=case.id, place=self._place, case=case, results=self._results
            )


class CaseItem(pytest.Item):
    """One case: waits for its result, then is what that says."""

    def __init__(self, *, place: Path, case: Case, results: Results, **given: Any) -> None:
        super().__init__(**given)
        self.case = case
        self._place = place
        self.judged: Judged | None = None
        self._results = results
        for name in (NAME, *map(_marker, filter(None, (case.level, *case.clauses)))):
            self.add_marker(getattr(pytest.mark, name))
        if self.config.pluginmanager.hasplugin("timeout"):
            # An item waits for as long as its case is played, after others even.
            self.add_marker(pytest.mark.timeout(0))

    @property
    def told_when(self) -> str:
        """In which phase the outcome shows: as in pytest, an error is what breaks before a test."""
        played = self.judged is not None and self.judged.status not in ("error", "skip")
        return "call" if played else "setup"

    def setup(self) -> None:
        """Wait for the result. What could not be played or is not known is no failure."""
        try:
            self.judged = self._results.wait_for(self.case.id)
        except SuiteError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        if self.judged.status == "skip":
            pytest.skip("; ".join(dict.fromkeys(f["message"] for f in self.judged.findings)))
        self.user_properties += [("recspec_clause", clause) for clause in self.judged.clauses]
        if self.judged.status == "error":
            pytest.fail(self._told("error"), pytrace=False)

    def runtest(self) -> None:
        """Fail when a MUST is broken, warn when a SHOULD is."""
        assert self.judged is not None
        if self.judged.status == "fail":
            pytest.fail(self._told("fail"), pytrace=False)
        raised = []
        for finding in self.judged.findings:
            if finding["status"] == "warn":
                text = _finding(finding)
                self.user_properties.append(("recspec_warning", text))
                try:
                    warnings.warn_explicit(RecspecWarning(text), None, str(self._place), 0)
                except RecspecWarning:  # the project's filters make it an error
                    raised.append(text)
        if raised:
            pytest.fail("\n".join(raised), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Say what it is: it has no line in a file."""
        return self.path, None, self.name

    def _told(self, first: str) -> str:
        """Return the findings, those that decided it first."""
        assert self.judged is not None
        findings = sorted(self.judged.findings, key=lambda f: f["status"] != first)
        told = [_finding(f, "" if f["status"] == first else f"{f['status']} ") for f in findings]
        folder = self._results.begun["folder"]
        return "\n".join(
            [*told, "", f"{self.case.title} (recspec explain {self.case.id})", f"more: {folder}"]
        )


def _finding(finding: dict[str, Any], before: str = "") -> str:
    where = f" (session {finding['session']})" if finding["session"] else ""
    lines = [f"{before}{finding['clause']}{where}: {finding['message']}"]
    return "\n".join([*lines, *(f"    {evidence}" for evidence in finding["evidence"])])
