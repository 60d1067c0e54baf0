"""The page about upstream's client: nothing on it is broken for a reason that nobody looked for."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from conformance.clauses import CATALOGUE
from fixtures.faults import vocabulary
from scenarios import upstream_page
from scenarios.matrix import matrix
from scenarios.reader import library
from scenarios.upstream_page import (
    FINDINGS,
    PAGE,
    Result,
    UnfitError,
    counted,
    main,
    read,
    renewed,
    unexplained,
)

KNOWN = (*library(frozenset(vocabulary())), *matrix())
LATE = "matrix/v2/killed/idle/both/1-of-1"
CLEAN = "basic/exec"


def result(
    name: str, *broken: str, kept: Iterable[str] = (), status: str = "fail"
) -> dict[str, Any]:
    found = [{"clause": clause, "status": status} for clause in broken]
    judged = status if broken else "pass"
    return {"id": name, "status": judged, "clauses": [*broken, *kept], "findings": found}


def results(*one: dict[str, Any], **more: Any) -> bytes:
    run = {"target": "upstream client (1.2)", "speed": 1, "results": one}
    return json.dumps(run | more).encode()


RUN = results(
    result(CLEAN, kept=["choose-1", "v2-16"]),
    result(LATE, "v2-16", kept=["choose-1"]),
    result("failover/silent", "choose-17", status="warn"),
)


def held(data: bytes = RUN) -> dict[str, Result]:
    return read([data])


def test_clauses_are_counted_with_the_findings_that_break_them() -> None:
    text = counted(held())
    assert re.search(r"\(spec.md#choose-1\) \| MUST \| .* \| 1 / 0 \| 1 / 0 \| kept \|", text)
    assert re.search(r"\(spec.md#v2-16\) \| MUST \| .* \| 1 / 0 \| 1 / 1 \| broken \[1\] \|", text)
    assert re.search(r"choose-17\) \| SHOULD \| .* \| 1 / 1 \| not seen \| broken \[2\]", text)
    assert "| 1 | v2-16 | `matrix/v2/killed/idle` |" in text
    assert "| library | 2 | 1 | 0 | 1 | 0 |" in text


def test_a_later_result_of_a_scenario_counts() -> None:
    again = results(result(LATE, kept=["v2-16"]))
    assert read([RUN, again])[LATE].broken == ()


def test_what_nobody_looked_for_is_said_and_nothing_is_written() -> None:
    odd = held(results(result(CLEAN, "streaming-1"), result(LATE, "v2-16")))
    assert list(unexplained(odd)) == [f"{CLEAN}: streaming-1 is broken, and no finding says why"]
    with pytest.raises(UnfitError, match="streaming-1"):
        counted(odd)


def test_a_finding_that_no_longer_shows_is_said() -> None:
    mended = held(results(result(CLEAN), result(LATE)))
    (said,) = unexplained(mended)
    assert said.startswith("matrix/v2/killed/idle/*: nothing of finding 1")


def test_what_hangs_on_who_is_first_need_not_show() -> None:
    name = "matrix/v2/reset/header/both/1-of-1"
    for one in (result(name), result(name, "v2-16")):
        assert list(unexplained(held(results(result(CLEAN), one)))) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", "not the results of a run"),
        (results(target="reference"), "and is of reference"),
        (results(result(CLEAN)), "must both have been played"),
        (results(result(CLEAN, "v2-16", status="error") | {"status": "error"}), "nothing is known"),
    ],
)
def test_other_results_will_not_do(data: bytes, why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        held(data)


def test_the_command_writes_the_page_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, run = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text(PAGE.read_text())
    run.write_bytes(RUN)
    monkeypatch.setattr(upstream_page, "PAGE", page)
    assert main([str(run)]) == 0
    before, _, after = PAGE.read_text().partition("<!-- Counted")
    assert page.read_text().startswith(before)
    assert page.read_text().endswith(after.partition("<!-- End of what was counted. -->")[2])
    assert counted(held()) in page.read_text()
    page.write_text("no marks")
    assert main([str(run)]) == 2
    assert main([str(tmp_path / "none.json")]) == 2
    assert "lacks its marks" in (said := capsys.readouterr().err)
    assert "none.json: No such file" in said


def test_findings_name_what_there_is() -> None:
    for finding in FINDINGS:
        assert set(finding.clauses) <= set(CATALOGUE)
        for pattern in finding.scenarios:
            if not finding.sometimes:
                assert fnmatch.filter(KNOWN, pattern), pattern


def test_the_page_has_a_word_on_each_finding() -> None:
    text = PAGE.read_text()
    assert renewed(text, held()) != text
    for finding in FINDINGS:
        assert f"**{finding.number}. " in text


def test_the_page_names_scenarios_that_there_are() -> None:
    table = PAGE.read_text().partition("| finding |")[2]
    named = {
        name for name in re.findall(r"`([a-z0-9/-]+)`", table) if not name.startswith("matrix")
    }
    assert named
    assert named <= set(KNOWN)
