from __future__ import annotations

import itertools

import pytest

from conformance.judgement import (
    ClauseCoverage,
    Coverage,
    ExitStatus,
    Judgement,
    Run,
    Status,
    TransitionCoverage,
    exit_status,
    worst,
)

P, F, W, E, K = Status.PASS, Status.FAIL, Status.WARN, Status.ERROR, Status.SKIP


def run(*statuses: Status) -> Run:
    return Run(
        tool="recspec",
        version="0",
        target="t",
        world="live",
        seed=0,
        speed=1,
        started="",
        duration_s=0.0,
        results=tuple(
            Judgement(
                scenario=str(number),
                title="",
                status=status,
                duration_s=0.0,
                clauses=(),
                findings=(),
                transitions=(),
            )
            for number, status in enumerate(statuses)
        ),
        coverage=Coverage(
            transitions=TransitionCoverage(covered=0, total=0, missing=()),
            clauses=ClauseCoverage(covered=0, total=0, missing=()),
        ),
    )


def test_within_a_scenario_the_order_is_error_fail_warn_pass_skip() -> None:
    order = [E, F, W, P, K]
    for one, other in itertools.combinations(order, 2):
        assert worst((one, other)) is one
        assert worst((other, one)) is one


@pytest.mark.parametrize("status", list(Status))
def test_one_status_stands_for_itself(status: Status) -> None:
    assert worst((status,)) is status
    assert worst((status, status)) is status


def test_of_nothing_nothing_is_known() -> None:
    assert worst(()) is E


def test_combining_in_any_grouping_is_the_same() -> None:
    for a, b, c in itertools.product(Status, repeat=3):
        assert worst((worst((a, b)), c)) is worst((a, worst((b, c)))) is worst((a, b, c))


def test_summary_counts_every_result_once() -> None:
    summary = run(P, P, F, W, E, E, E, K).summary
    assert (summary.passed, summary.fail, summary.warn, summary.error, summary.skip) == (
        2,
        1,
        1,
        3,
        1,
    )


@pytest.mark.parametrize(
    ("statuses", "ends"),
    [
        ((P,), ExitStatus.CONFORMANT),
        ((P, W, K), ExitStatus.CONFORMANT),
        ((W,), ExitStatus.CONFORMANT),
        ((F,), ExitStatus.NOT_CONFORMANT),
        ((P, F, E), ExitStatus.NOT_CONFORMANT),  # a fail is a fail whatever else broke
        ((E, E, F), ExitStatus.NOT_CONFORMANT),
        ((P, E), ExitStatus.INCONCLUSIVE),
        ((W, E), ExitStatus.INCONCLUSIVE),
        ((E,), ExitStatus.INCONCLUSIVE),
        ((K,), ExitStatus.INCONCLUSIVE),  # nothing was checked
        ((K, K), ExitStatus.INCONCLUSIVE),
        ((), ExitStatus.INCONCLUSIVE),
    ],
)
def test_how_a_run_ends(statuses: tuple[Status, ...], ends: ExitStatus) -> None:
    assert exit_status(run(*statuses)) is ends


def test_exit_statuses_are_those_of_the_command_line() -> None:
    assert [int(status) for status in ExitStatus] == [0, 1, 2, 3]
