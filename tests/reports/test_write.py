from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.history import Event, History, Problem, from_lines
from conformance.judgement import Run
from reports.results import read_results
from reports.write import ReportError, write_all, write_reports


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Make every write beyond `size` bytes of a file fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_folder_has_all_of_it(run: Run, histories: dict[str, History], tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    assert write_reports(run, histories, out) == out / "report.html"
    assert {*everything(out)} == {
        "report.html",
        "junit.xml",
        "results.json",
        "histories/lost__v2-black-hole-continues.jsonl",
        "histories/record__v2-filesystem.jsonl",
    }
    for scenario, history in histories.items():
        path = out / "histories" / f"{scenario.replace('/', '__')}.jsonl"
        assert from_lines(path.read_bytes()) == history


def test_histories_are_named_among_the_artifacts(
    run: Run, histories: dict[str, History], tmp_path: Path
) -> None:
    write_reports(run, histories, tmp_path)
    for result in read_results((tmp_path / "results.json").read_bytes()).results:
        assert len(result.artifacts) == (result.scenario in histories)
        assert all((tmp_path / artifact).is_file() for artifact in result.artifacts)


def test_a_full_disk_leaves_nothing_behind(
    run: Run, histories: dict[str, History], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with files_no_larger_than(20_000), pytest.raises(ReportError) as caught:
        write_reports(run, histories, out)
    assert str(out / "report.html") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not out.exists()


def test_a_full_disk_leaves_an_older_report_as_it_was(
    run: Run, histories: dict[str, History], tmp_path: Path
) -> None:
    write_reports(run, {}, tmp_path)
    before = everything(tmp_path)
    with files_no_larger_than(20_000), pytest.raises(ReportError):
        write_reports(run, histories, tmp_path)
    assert everything(tmp_path) == before
    assert not (tmp_path / "histories").exists()


def test_a_target_that_is_a_file_is_said(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("mine")
    with pytest.raises(ReportError, match=r"not a folder|Not a directory"):
        write_reports(run, {}, target)
    assert everything(tmp_path) == {"file": b"mine"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_target_that_is_read_only_is_said(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ReportError, match="Permission denied"):
        write_reports(run, {}, tmp_path)
    assert everything(tmp_path) == {}


def test_a_file_system_that_takes_no_files_is_said(run: Run) -> None:
    with pytest.raises(ReportError, match="/proc/recspec-results"):
        write_reports(run, {}, Path("/proc/recspec-results"))


def test_a_place_that_is_taken_by_a_folder_leaves_no_temporary_file(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "results.json").mkdir()
    with pytest.raises(ReportError, match=r"results\.json"):
        write_reports(run, {}, tmp_path)
    assert not list(tmp_path.rglob("*.tmp"))


def test_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reports.write.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({"a": b"1", "b/c": b"2"}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_scenarios_never_share_a_file(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ReportError, match="would hold both"):
        write_reports(run, {"a/b": (), "a__b": ()}, out)
    assert not out.exists()


def test_a_history_that_cannot_be_saved_is_named(run: Run, tmp_path: Path) -> None:
    history = (Event("world", 0, 0, Problem(what="\ud800")),)
    with pytest.raises(ReportError, match="the history of 'x' cannot be saved"):
        write_reports(run, {"x": history}, tmp_path)
