from __future__ import annotations

import io
import re
from pathlib import PurePath

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from conformance.judgement import Finding, Judgement, Run, Status
from reports.terminal import Progress, print_summary

ANY = st.text(st.characters(exclude_categories=[]), max_size=20)
MARKUP = ("[bold]x", "[/]", "[link=x]y")
PAGE = PurePath("out/report.html")
SGR = re.compile(r"\x1b\[[0-9;]*m")


def plain() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, width=80)


def terminal(**environ: str) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=100, _environ={"TERM": "xterm", **environ}
    )


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def summary(run: Run, console: Console) -> str:
    print_summary(run, console, PAGE)
    return output(console)


def test_the_summary_tells_what_broke_what_was_covered_and_where_to_look(run: Run) -> None:
    for console in (plain(), terminal()):
        told = " ".join(SGR.sub("", summary(run, console)).split())
        assert "4 pass, 1 fail, 1 warn, 1 error, 1 skip" in told
        assert "not conformant: reference in 63.4 s" in told
        assert "transitions: 16 of 22" in told
        assert "clauses: 19 of" in told
        assert told.endswith("report: out/report.html")
        assert "lost/v2-black-hole-continues" in told
        assert "exit-seen: status 0" in told
        assert "record/v2-filesystem" not in told


def test_elsewhere_than_on_a_terminal_lines_are_whole_and_bare(run: Run) -> None:
    told = summary(run, plain())
    assert "\x1b" not in told
    (line,) = (line for line in told.splitlines() if "failure-6" in line)
    assert line.endswith("after the recording was lost (session laptop)")
    assert len(line) > 80


def test_no_color_is_honoured(run: Run) -> None:
    coloured, bare = terminal(), terminal(NO_COLOR="1")
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", summary(run, coloured))
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", summary(run, bare))


def test_an_encoding_without_the_characters_stops_nothing(run: Run) -> None:
    changed = msgspec.structs.replace(run, target="écran 漢")
    for force in (True, False):
        file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        print_summary(changed, Console(file=file, force_terminal=force, width=100), PAGE)
        file.flush()


def quoting(run: Run, text: str) -> Run:
    finding = Finding(clause=text, status=Status.FAIL, message=text, evidence=(text,), session=text)
    result = Judgement(
        scenario=text,
        title=text,
        status=Status.FAIL,
        duration_s=1.0,
        clauses=(text,),
        findings=(finding,),
        transitions=(),
    )
    return msgspec.structs.replace(run, target=text, results=(result,))


@given(text=ANY | st.sampled_from([*MARKUP, "\x1b[2J", "\x9b2J", "a\rb"]))
@settings(max_examples=60)
def test_what_was_observed_never_acts_on_the_terminal(run: Run, text: str) -> None:
    changed = quoting(run, text)
    for console in (plain(), terminal()):
        with Progress(1, plain()) as progress:
            progress.started(text)
            progress.finished(changed.results[0])
        told = SGR.sub("", summary(changed, console))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", told)
        if text in MARKUP:
            assert text in told


def test_progress_is_a_line_for_each_scenario_elsewhere(run: Run) -> None:
    console = plain()
    with Progress(len(run.results), console) as progress:
        for result in run.results:
            progress.started(result.scenario)
        for result in run.results:
            progress.finished(result)
    lines = output(console).splitlines()
    assert len(lines) == len(run.results)
    for number, (line, result) in enumerate(zip(lines, run.results, strict=True), 1):
        assert line.startswith(f"[{number}/{len(run.results)}] {result.status}")
        assert result.scenario in line


def test_progress_on_a_terminal_tells_only_what_is_not_well(run: Run) -> None:
    console = terminal()
    with Progress(len(run.results), console) as progress:
        for result in run.results:
            progress.started(result.scenario)
            progress.finished(result)
    told = output(console)
    assert "acks-2: 8.2 s" in told
    assert "failure-6" in told
    assert "8/8" in told
