"""The judges of bodies: what was sent was taken and is kept, or somebody says so."""

from __future__ import annotations

import pytest

from conformance.history import Kind
from conformance.judgement import Status
from conformance.probed import ConnectFailed, Kept, Looked
from tests.conformance.recorder_cases.told import (
    answer_end,
    answered,
    asked,
    body_end,
    got,
    sent,
    verdicts,
)

PASS, WARN, FAIL, SKIP = Status.PASS, Status.WARN, Status.FAIL, Status.SKIP
MARKER = "rs-1"


def upload(
    *kinds: Kind, intent: str = "whole", name: str = "main", body: bytes = b"0123456789"
) -> tuple[Kind, ...]:
    """Return an upload over v2 that is taken and sent to its end; `kinds` come after that."""
    first = (asked(name, intent=intent, marker=MARKER), answered(200))
    return (*first, *((sent(body),) if body else ()), body_end(), *kinds)


GOOD = (got(b'{"ack":10}\n'), answer_end())


def stored(size: int, agrees: int, *, whole: bool = True) -> tuple[Kind, ...]:
    path = "n1/2026-01-01T00:00:00Z.cast"
    found = Kept(marker=MARKER, path=path, size=size, agrees=agrees, whole=whole)
    return (found, Looked(marker=MARKER, found=1))


NOWHERE = (Looked(marker=MARKER, found=0),)

ABOUT = [
    ("streaming/cuts-v2", "streaming-8"),
    ("streaming/flood-v2", "streaming-13"),
    ("streaming/text-v2", "file-13"),
]


@pytest.mark.parametrize(("case", "clause"), ABOUT)
def test_what_is_kept_as_it_was_sent_shows_the_clause(case: str, clause: str) -> None:
    assert verdicts(case, *upload(*GOOD, *stored(10, 10)))[clause] is PASS


@pytest.mark.parametrize(("case", "clause"), ABOUT)
@pytest.mark.parametrize("found", [stored(10, 4), stored(4, 4), stored(12, 10), NOWHERE])
def test_what_is_kept_otherwise_breaks_it(case: str, clause: str, found: tuple[Kind, ...]) -> None:
    assert verdicts(case, *upload(*GOOD, *found))[clause] is FAIL


@pytest.mark.parametrize(("case", "clause"), [*ABOUT, ("streaming/plain-v2", "streaming-9")])
def test_an_upload_that_fails_breaks_what_its_case_is_about(case: str, clause: str) -> None:
    failed = upload(got(b'{"error":"no"}'), answer_end(), *stored(10, 10))
    assert verdicts(case, *failed)[clause] is FAIL
    assert verdicts(case, *upload())[clause] is FAIL


def test_an_answer_that_ends_early_or_never_breaks_its_end() -> None:
    begun = (asked(intent="whole", marker=MARKER), answered(200), sent(b"0123456789"))
    for case, clause in (("streaming/end", "streaming-12"), ("acks/total", "streaming-12")):
        assert verdicts(case, *begun, *GOOD)[clause] is FAIL
        assert verdicts(case, *begun, body_end(), GOOD[0])[clause] is FAIL
        assert verdicts(case, *begun, body_end(), *GOOD)[clause] is PASS


# --- recordings that break rules ------------------------------------------------------------------

ODD = "streaming/odd-headers"


def odd(*kinds: Kind) -> dict[str, Status]:
    return verdicts(ODD, *upload(*kinds, intent="free", name="odd"))


def test_an_odd_recording_is_taken_and_kept_wherever_that_is() -> None:
    assert odd(*GOOD, *stored(10, 10))["storage-13"] is PASS
    assert odd(*GOOD, *stored(10, 10, whole=False))["storage-13"] is PASS


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (stored(10, 4), {"storage-1": FAIL}),
        (stored(4, 4), {"storage-2": FAIL}),
        (NOWHERE, {"storage-2": FAIL, "storage-13": WARN}),
    ],
)
def test_an_odd_recording_that_was_taken_is_not_mended(
    found: tuple[Kind, ...], wrong: dict[str, Status]
) -> None:
    verdict = odd(*GOOD, *found)
    assert {clause: status for clause, status in verdict.items() if status is not PASS} == wrong


def test_an_odd_recording_that_is_refused_is_a_warning() -> None:
    assert odd(got(b'{"error":"bad header"}'), answer_end())["storage-13"] is WARN
    refused = (asked("odd", intent="free", marker=MARKER), answered(400), answer_end())
    assert verdicts(ODD, *refused)["storage-13"] is WARN
    assert verdicts(ODD, ConnectFailed(connection="c0", why="no"))["storage-13"] is WARN


def test_a_request_that_is_no_upload_says_nothing_of_odd_recordings() -> None:
    probe = (asked("probe", method="HEAD"), answered(404), answer_end())
    assert "storage-13" not in verdicts(ODD, *probe)


def test_nobody_is_praised_for_what_nobody_saw() -> None:
    assert odd(*GOOD)["storage-13"] is SKIP


def test_an_upload_of_nothing_needs_no_recording() -> None:
    nothing = upload(got(b"{}"), answer_end(), *NOWHERE, intent="free", body=b"")
    assert verdicts("streaming/empty", *nothing)["storage-13"] is PASS
