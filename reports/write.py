"""Writing a run's folder: all of it, or nothing.

Every file is first written whole under a temporary name beside its place, then all are renamed, so
a full disk leaves an older report as it was. ``results.json`` comes last: where it is, the rest is.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType

import msgspec

from conformance.history import History, to_lines
from conformance.judgement import Judgement, Run
from reports.html import html_page
from reports.junit import junit_xml
from reports.names import JUNIT, PAGE, RESULTS, history_path
from reports.results import results_json


class ReportError(Exception):
    """A report could not be written; one line says which file and why."""


def write_reports(
    run: Run,
    histories: Mapping[str, History],
    out: Path,
    *,
    more: Mapping[str, bytes] = MappingProxyType({}),
    seal: Callable[[bytes], Mapping[str, bytes]] = lambda _: {},
) -> Path:
    """Write the run's folder `out` and return the path of its page.

    `histories` are by scenario ID; each is written too, and named among its scenario's artifacts.
    `more` files are by their path in the folder; `seal` makes the last ones of ``results.json``.
    Raises ReportError, with nothing half-written left in `out`, when a file cannot be written.
    """
    results = tuple(_with_history(result, histories) for result in run.results)
    run = msgspec.structs.replace(run, results=results)
    files = _history_files(histories)
    files |= rendered(run, histories)
    files |= more
    last = results_json(run)
    files |= seal(last)
    files[RESULTS] = last
    write_all(files, out)
    return out / PAGE


def rendered(run: Run, histories: Mapping[str, History]) -> dict[str, bytes]:
    """Return what people and CI servers read of a run, by file name: the page and JUnit XML."""
    return {JUNIT: junit_xml(run), PAGE: html_page(run, histories).encode()}


def write_all(files: Mapping[str, bytes], out: Path) -> None:
    """Write `files`, by their path in the folder `out`, all or none; raises ReportError."""
    staging = _Staging(out)
    try:
        for path, data in files.items():
            staging.add(path, data)
        staging.commit()
    except OSError as error:
        staging.take_back()
        reason = error.strerror or str(error)
        raise ReportError(f"cannot write {staging.current}: {reason}") from error
    except BaseException:  # Ctrl-C above all: it goes on, and leaves nothing behind
        staging.take_back()
        raise


class _Staging:
    """Files under temporary names, and the folders made for them, until all are there."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.current = out
        """What is being written: the place, not the temporary name."""
        self._temporary: dict[Path, Path] = {}
        self._made: list[Path] = []

    def add(self, path: str, data: bytes) -> None:
        place = self.current = self.out / path
        self._make(place.parent)
        temporary = place.parent / f".{token_hex(8)}.tmp"
        self._temporary[place] = temporary
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # some file systems notice only here that they are full

    def commit(self) -> None:
        for place, temporary in list(self._temporary.items()):
            self.current = place
            temporary.replace(place)
            del self._temporary[place]
        self._made.clear()

    def take_back(self) -> None:
        for temporary in self._temporary.values():
            temporary.unlink(missing_ok=True)
        for folder in reversed(self._made):
            if not any(folder.iterdir()):
                folder.rmdir()

    def _make(self, folder: Path) -> None:
        if not folder.exists():
            self._make(folder.parent)
            folder.mkdir()
            self._made.append(folder)
        elif not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{folder} is not a folder")


def _with_history(result: Judgement, histories: Mapping[str, History]) -> Judgement:
    path = history_path(result.scenario)
    if result.scenario not in histories or path in result.artifacts:
        return result
    return msgspec.structs.replace(result, artifacts=(*result.artifacts, path))


def _history_files(histories: Mapping[str, History]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    owners: dict[str, str] = {}
    for scenario, history in histories.items():
        path = history_path(scenario)
        if path in files:
            raise ReportError(f"{path} would hold both {owners[path]!r} and {scenario!r}")
        owners[path] = scenario
        try:
            files[path] = to_lines(history)
        except UnicodeEncodeError as error:
            raise ReportError(f"the history of {scenario!r} cannot be saved: {error}") from error
    return files
