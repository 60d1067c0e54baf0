"""The judges of recordings at rest."""

from __future__ import annotations

import msgspec
import pytest

from conformance.cases import PREFIX, cases, judge_case
from conformance.history import Kind
from conformance.judgement import Status
from conformance.probed import ConnectFailed, Kept, Looked, Remarked, Strayed
from conformance.recorder_cases.storing import RUNNING, SEARCHED
from tests.conformance.recorder_cases.told import (
    MARKER,
    answer_end,
    answered,
    asked,
    body_end,
    ended_v2,
    got,
    opened_v2,
    sent,
    told,
    verdicts,
    worst,
)

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
TIME = "2026-11-22T10:00:00Z.cast"


def looked(marker: str, *paths: str, others: tuple[str, ...] = (), after: str = "") -> list[Kind]:
    """A look that found the whole line at each path."""
    found = [
        Kept(marker=marker, path=path, size=5, agrees=5, others=others, after=after)
        for path in paths
    ]
    return [*found, Looked(marker=marker, found=len(found), after=after)]


def upload(number: int, *paths: str, others: tuple[str, ...] = ()) -> list[Kind]:
    """A whole upload on a connection of its own, and a look at storage."""
    connection = f"c{number}"
    return [
        *opened_v2(f"upload {number}", connection=connection),
        *ended_v2(connection=connection),
        *looked(marker(number), *paths, others=others),
    ]


def marker(number: int) -> str:
    return f"{MARKER}c{number}-1"


# --- one node, one second -------------------------------------------------------------------------


def test_each_recording_has_a_name() -> None:
    uploads = [kind for n in range(3) for kind in upload(n, f"n/2026-11-22T10:00:00.{n}Z.cast")]
    assert verdicts("storing/same-second", *uploads)["storage-8"] is PASS


def test_a_recording_that_was_overwritten_is_missed() -> None:
    uploads = [*upload(0), *upload(1, f"n/{TIME}")]
    assert verdicts("storing/same-second", *uploads)["storage-8"] is WARN


def test_recordings_that_share_a_name_are_found() -> None:
    uploads = [
        *upload(0, f"n/{TIME}", others=(marker(1),)),
        *upload(1, f"n/{TIME}", others=(marker(0),)),
    ]
    assert verdicts("storing/same-second", *uploads)["storage-8"] is WARN


def test_one_recording_alone_shows_nothing() -> None:
    assert verdicts("storing/same-second", *upload(0, f"n/{TIME}"))["storage-8"] is ERROR


# --- rules broken ---------------------------------------------------------------------------------


def odd(*answer: Kind, kept: int = 5, agrees: int = 5) -> dict[str, Status]:
    one = Kept(marker=MARKER, path=f"n/{TIME}", size=kept, agrees=agrees)
    return verdicts(
        "storing/odd",
        asked("CRLF", marker=MARKER),
        answered(200),
        sent(b"line\n"),
        body_end(),
        *answer,
        one,
        Looked(marker=MARKER, found=1),
    )


def test_what_breaks_rules_is_kept() -> None:
    found = odd(got(b'{"ack":5}\n'), answer_end())
    assert (found["storage-13"], found["storage-1"]) == (PASS, PASS)


def test_who_fails_it_is_told_so() -> None:
    assert odd(got(b'{"error":"not a cast"}\n'), answer_end())["storage-13"] is WARN


def test_who_repairs_it_changes_it() -> None:
    assert odd(got(b'{"ack":5}\n'), answer_end(), kept=4, agrees=3)["storage-1"] is FAIL


@pytest.mark.parametrize(
    ("name", "clause"), [("storing/odd", "storage-13"), ("storing/while-it-runs", "storage-15")]
)
def test_nothing_played_is_nothing_known(name: str, clause: str) -> None:
    assert verdicts(name)[clause] is ERROR
    assert verdicts(name, ConnectFailed(connection="c0", why="refused"))[clause] is WARN


# --- while the session goes on --------------------------------------------------------------------


@pytest.mark.parametrize(("paths", "verdict"), [((".tmp/1",), PASS), ((), WARN)])
def test_it_is_written_while_the_session_goes_on(paths: tuple[str, ...], verdict: Status) -> None:
    found = verdicts(
        "storing/while-it-runs",
        *opened_v2(),
        *looked(marker(0), *paths, after=RUNNING),
        Remarked(what=f"{RUNNING} main"),
        *ended_v2(),
        *looked(marker(0), f"n/{TIME}"),
    )
    assert found["storage-15"] is verdict


def test_a_look_after_the_end_shows_nothing_of_that() -> None:
    found = verdicts(
        "storing/while-it-runs", *opened_v2(), *ended_v2(), *looked(marker(0), f"n/{TIME}")
    )
    assert found["storage-15"] is ERROR


def test_of_an_upload_that_was_not_taken_nothing_is_written() -> None:
    refused = (asked(intent="whole", marker=MARKER), answered(503), answer_end())
    assert verdicts("storing/while-it-runs", *refused) == {"storage-5": FAIL}


# --- where to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "verdict"),
    [
        ((f"n/{TIME}", f"n/{TIME}"), PASS),
        (("n/2026-11-22T10:00:00.1Z.cast", "n/2026-11-22T10:00:00.2Z.cast"), PASS),
        ((f"n/{TIME}", f"m/{TIME}"), FAIL),
        ((f"n/{TIME}", f"n/x/{TIME}"), FAIL),
        ((f"n/{TIME}", "n/2026-11-22T10:00:01Z.cast"), FAIL),
    ],
)
def test_recorders_store_alike(paths: tuple[str, str], verdict: Status) -> None:
    found = verdicts("storing/failover", *upload(0, paths[0]), *upload(1, paths[1]))
    assert (found["storage-17"], found["storage-11"]) == (verdict, PASS)


def test_who_stores_elsewhere_does_not_store_as_told() -> None:
    found = verdicts("storing/failover", *upload(0), *upload(1))
    assert (found["storage-11"], found["storage-17"]) == (FAIL, SKIP)


@pytest.mark.parametrize("uploads", [(), tuple(upload(0, f"n/{TIME}"))])
def test_one_recorder_stores_like_nobody_else(uploads: tuple[Kind, ...]) -> None:
    assert verdicts("storing/failover", *uploads)["storage-17"] is ERROR


@pytest.mark.parametrize(
    ("paths", "verdict"),
    [
        (("a/1.cast", "b/2.cast"), PASS),
        (("a/1.cast", "2.cast"), FAIL),
        (("a/1.cast", "a/1.json"), FAIL),
    ],
)
def test_of_a_layout_that_we_do_not_know_depth_and_suffix_are_compared(
    paths: tuple[str, str], verdict: Status
) -> None:
    history = told("storing/failover", *upload(0, paths[0]), *upload(1, paths[1]))
    played = msgspec.structs.replace(history[0].what, layout=False)  # type: ignore[type-var]
    first = msgspec.structs.replace(history[0], what=played)
    assert worst("storing/failover", (first, *history[1:]))["storage-17"] is verdict


def test_a_secret_in_a_log_is_found() -> None:
    searched = Remarked(what=SEARCHED)
    stray = Strayed(path="logs/target.log")
    assert verdicts("storing/nowhere-else", *upload(0), stray, searched)["privacy-4"] is FAIL


def test_what_was_searched_is_said_with_its_limits() -> None:
    # The network stays unseen, and that is said too.
    assert (
        verdicts("storing/nowhere-else", *upload(0), Remarked(what=SEARCHED))["privacy-4"] is SKIP
    )


@pytest.mark.parametrize("searched", [True, False])
def test_only_a_search_shows_that_a_session_is_nowhere_else(*, searched: bool) -> None:
    name = "storing/nowhere-else"
    remarks = [Remarked(what=SEARCHED)] if searched else []
    judgement = judge_case(cases()[PREFIX + name], told(name, *upload(0, f"n/{TIME}"), *remarks))
    assert ("privacy-4" in judgement.clauses) is searched
