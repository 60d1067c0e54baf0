"""How a case is judged as a whole: what breaks a judge, whose fault it was, what was not played."""

from __future__ import annotations

import pytest

from conformance.cases import (
    PREFIX,
    WHY_NOT,
    Case,
    Level,
    Need,
    Phase,
    cases,
    judge_case,
    lacking,
    skipped,
)
from conformance.checking import RIG, Findings
from conformance.exchanges import Seen
from conformance.history import Disconnected, Event, Kind, Late, Problem
from conformance.judgement import Judgement, Status
from conformance.probed import CasePlayed, Waited
from conformance.wire import SECOND
from tests.conformance.recorder_cases.told import opened_v2, told, upload_v1

PASS, FAIL, ERROR, SKIP = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIP
NAME = "v1/before-body"
GONE = Disconnected(recorder="target", connection="c0", by="recorder", how="fin")


def judged(*kinds: Kind) -> Judgement:
    return judge_case(cases()[PREFIX + NAME], told(NAME, *kinds))


def said(judgement: Judgement) -> dict[str, Status]:
    return {finding.clause: finding.status for finding in judgement.findings}


def test_what_all_uploads_must_keep_is_judged_in_every_case() -> None:
    judgement = judged(*upload_v1())
    assert judgement.status is PASS
    assert {"v1-2", "v1-3", "storage-5"} <= set(judgement.clauses)
    assert judgement.duration_s == pytest.approx(0.06)


def test_a_history_without_anything_to_judge_is_no_success() -> None:
    judgement = judged()
    assert judgement.status is ERROR
    assert said(judgement) == {RIG: ERROR}
    assert judge_case(cases()[PREFIX + NAME], ()).status is ERROR


def test_a_judge_that_breaks_knows_nothing_of_its_clauses() -> None:
    def breaks(seen: Seen, out: Findings) -> None:
        raise LookupError("nothing there")

    case = Case(
        id=PREFIX + "breaks",
        title="a judge that breaks",
        level=Level.CORE_V1,
        phase=Phase.WIRE,
        needs=(),
        clauses=("v1-2", "v1-9"),
        shows=(),
        seconds=1.0,
        judge=breaks,
    )
    judgement = judge_case(case, told("breaks", *upload_v1()))
    assert judgement.status is ERROR
    assert said(judgement) == {"v1-2": ERROR, "v1-9": ERROR}
    assert all("LookupError: nothing there" in f.message for f in judgement.findings)


# --- whose fault it was ---------------------------------------------------------------------------


def test_a_problem_of_the_rig_is_all_that_is_said() -> None:
    judgement = judged(*opened_v2(), GONE, Problem(what="no more ports"))
    assert judgement.status is ERROR
    assert said(judgement) == {RIG: ERROR}
    assert judgement.clauses == ()
    assert judgement.findings[0].message == "no more ports"


def waiting(late_s: float, *, apart_s: float = 0.0, loop: str = "engine") -> Judgement:
    """An upload that waited 5 s for the 100 in vain, and our own loop that was late then."""
    head = upload_v1()[0]
    waited = Waited(what="the interim 100", seconds=5.0, connection="c0", stream=0)
    end = round((10 + apart_s) * SECOND)
    history = (
        Event("probe", 0, 0, CasePlayed(case=PREFIX + NAME, target="told", has=())),
        Event("probe", 1, 5 * SECOND, head),
        Event("probe", 2, 10 * SECOND, waited),
        Event("probe", 3, end, Late(by=round(late_s * SECOND), loop=loop)),
    )
    return judge_case(cases()[PREFIX + NAME], history)


def test_nobody_is_blamed_while_our_own_loop_was_late() -> None:
    judgement = waiting(1.0)
    assert judgement.status is ERROR
    assert said(judgement) == {"v1-2": FAIL, RIG: ERROR}
    assert [finding.clause for finding in judgement.findings if finding.void] == [RIG]


@pytest.mark.parametrize(
    "judgement",
    [waiting(0.4), waiting(1.0, apart_s=3.0), waiting(0.9, loop="s3")],
    ids=["less than a tenth of the wait", "at another time", "our store, for less than 1 s"],
)
def test_a_lateness_that_hides_no_answer_excuses_nobody(judgement: Judgement) -> None:
    assert judgement.status is FAIL
    assert said(judgement) == {"v1-2": FAIL}


def test_what_held_is_not_doubted_because_we_were_late() -> None:
    waited = Waited(what="another answer", seconds=5.0, connection="c0", stream=0)
    judgement = judged(*upload_v1(), waited, Late(by=2 * SECOND))
    assert judgement.status is PASS
    assert judgement.findings == ()


# --- what a target lacks --------------------------------------------------------------------------


def test_a_case_says_of_each_thing_that_a_target_lacks_why_it_is_not_played() -> None:
    case = cases()[PREFIX + "restarts/v1"]
    assert list(lacking(case, frozenset(Need))) == []
    has = frozenset(Need) - {Need.V1, Need.KILL}
    assert list(lacking(case, has)) == [WHY_NOT[Need.V1], WHY_NOT[Need.KILL]]


def test_every_need_has_a_reason() -> None:
    assert WHY_NOT.keys() == set(Need)


def test_a_case_that_was_not_played_says_so_of_each_of_its_clauses() -> None:
    case = cases()[PREFIX + "restarts/v1"]
    judgement = skipped(case, ("no v1", "no command"))
    assert judgement.status is SKIP
    assert judgement.clauses == ()
    assert said(judgement) == dict.fromkeys(case.clauses, SKIP)
    assert {finding.message for finding in judgement.findings} == {"no v1; no command"}
