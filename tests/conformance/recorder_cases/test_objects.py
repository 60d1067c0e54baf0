"""The judges of S3: honest ends pass, silent losses and wrong words do not."""

from __future__ import annotations

import pytest

from conformance.history import Kind, Late
from conformance.judgement import Status
from conformance.probed import Kept, Looked, Remarked, Signalled, StreamReset, Waited
from conformance.recorder_cases.objects import LARGE, LEFT, REFUSED, STARTED
from conformance.wire import SECOND
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
    upload_v1,
    verdicts,
)

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
SIZE = len(b"line\n")
V1 = f"{MARKER}c0"
V2 = f"{MARKER}c0-1"
FAILS, SHUT = "objects/fails-dead", "objects/shut-dead"


def v2(*end: Kind, name: str = "v2") -> tuple[Kind, ...]:
    return (*opened_v2(name, intent="free"), *end)


def v1(*, taken: bool = True, status: int | None = None) -> tuple[Kind, ...]:
    head, interim, line, end, *_ = upload_v1("v1", intent="free")
    answer = [answered(status, stream=0), answer_end(stream=0)] if status else []
    return (head, *((interim, line, end) if taken else ()), *answer)


def kept(size: int = SIZE, agrees: int | None = None, *, marker: str = V2) -> tuple[Kind, ...]:
    one = Kept(
        marker=marker,
        path="n/2026-01-01T00:00:00Z.cast",
        size=size,
        agrees=size if agrees is None else agrees,
    )
    return (one, Looked(marker=marker, found=1))


def nothing(marker: str = V2) -> tuple[Kind, ...]:
    return (Looked(marker=marker, found=0),)


def error(text: bytes = b'"no bucket"') -> tuple[Kind, ...]:
    return (body_end(), got(b'{"error":' + text + b"}"), answer_end())


# --- it fails while a session goes on -------------------------------------------------------------


@pytest.mark.parametrize("left", [nothing(), kept(), kept(SIZE - 1)])
def test_a_failure_is_told_over_v2_by_an_error_frame(left: tuple[Kind, ...]) -> None:
    found = verdicts(FAILS, *v2(*error()), *left)
    assert found["storage-6"] is found["acks-17"] is PASS
    assert FAIL not in found.values()


@pytest.mark.parametrize(
    "end",
    [
        (body_end(), StreamReset(connection="c0", stream=1, code=2)),
        (body_end(), Waited(what="the end", seconds=30, connection="c0", stream=1)),
        (answer_end(),),
    ],
)
def test_other_ends_do_not_tell_it_over_v2(end: tuple[Kind, ...]) -> None:
    assert verdicts(FAILS, *v2(*end), *nothing())["storage-6"] is FAIL


def test_success_without_a_recording_is_a_silent_loss() -> None:
    for left in (nothing(), kept(SIZE - 1), kept(SIZE, 2)):
        assert verdicts(FAILS, *v2(*ended_v2()), *left)["storage-6"] is FAIL
    left = nothing(V1)
    assert verdicts(FAILS, *v1(status=200), *left)["storage-6"] is FAIL


def test_success_with_a_whole_recording_is_honest() -> None:
    found = verdicts(FAILS, *v2(*ended_v2()), *kept())
    assert found["storage-6"] is SKIP
    assert found["storage-1"] is found["storage-2"] is PASS
    assert FAIL not in found.values()


def test_of_a_success_that_was_not_looked_for_nothing_is_said() -> None:
    assert "storage-6" not in verdicts(FAILS, *v2(*ended_v2()))


def test_an_error_without_words_is_told_in_the_wrong_form_and_no_silent_loss() -> None:
    found = verdicts(FAILS, *v2(*error(b'""')), *nothing())
    assert found["storage-6"] is PASS
    assert "acks-17" not in found  # what every answer must keep says it
    assert "storage-2" not in found


@pytest.mark.parametrize(
    ("status", "told", "right"),
    [(500, PASS, PASS), (507, PASS, PASS), (400, PASS, WARN), (None, FAIL, None)],
)
def test_over_v1_a_status_tells_it(status: int | None, told: Status, right: Status | None) -> None:
    found = verdicts(FAILS, *v1(status=status), *nothing(V1))
    assert found["storage-6"] is told
    assert found.get("v1-15") is right


def test_what_is_left_of_a_failure_is_its_beginning() -> None:
    found = verdicts(FAILS, *v2(*error()), *kept(4, 2))
    assert (found["storage-1"], found["storage-6"]) == (FAIL, PASS)


def test_a_recorder_that_refuses_while_s3_is_well_breaks_something_else() -> None:
    refused = (asked("v2", marker=V2), answered(503), answer_end())
    found = verdicts(FAILS, *refused)
    assert found == {"storage-5": FAIL}


# --- nothing can be stored from the beginning -----------------------------------------------------


def test_a_status_in_place_of_the_start_is_a_refusal() -> None:
    refused = (asked("v2", marker=V2), answered(503), answer_end())
    assert verdicts(SHUT, *refused) == {"v2-6": PASS, "storage-14": PASS}
    assert verdicts(SHUT, *v1(taken=False, status=503)) == {"v1-7": PASS, "storage-14": PASS}


def test_silence_a_reset_and_a_200_are_none() -> None:
    asked_v2 = asked("v2", marker=V2)
    assert verdicts(SHUT, asked_v2) == {"v2-6": FAIL}
    assert verdicts(SHUT, asked_v2, StreamReset(connection="c0", stream=1, code=7)) == {
        "v2-6": FAIL
    }
    assert verdicts(SHUT, *v1(taken=False)) == {"v1-7": FAIL}
    assert verdicts(SHUT, *v1(taken=False, status=200)) == {"v1-7": FAIL}


def test_a_failure_behind_the_start_comes_too_late() -> None:
    told = (asked("v2", marker=V2), answered(200), got(b'{"error":"no"}'), answer_end())
    found = verdicts(SHUT, *told)
    assert (found["v2-6"], found["storage-14"]) == (FAIL, WARN)
    head, interim, *_ = upload_v1("v1", intent="free")
    found = verdicts(SHUT, head, interim, answered(503, stream=0), answer_end(stream=0))
    assert (found["v1-7"], found["storage-14"]) == (FAIL, WARN)


def test_one_that_is_taken_all_the_same_has_to_end_honestly() -> None:
    found = verdicts(SHUT, *v2(*error()), *nothing())
    assert (found["v2-6"], found["storage-14"], found["storage-6"]) == (SKIP, WARN, PASS)
    found = verdicts(SHUT, *v2(*ended_v2()), *nothing())
    assert (found["v2-6"], found["storage-14"], found["storage-6"]) == (SKIP, WARN, FAIL)


@pytest.mark.parametrize("name", [SHUT, FAILS, "objects/heals", "objects/aws", "objects/stored"])
def test_a_play_that_came_to_nothing_proves_nothing(name: str) -> None:
    assert set(verdicts(name).values()) == {ERROR}


def test_after_s3_is_back_one_upload_has_to_go_well() -> None:
    refused = (asked("again", connection="c1", marker="x"), answered(503, connection="c1"))
    well = (*v2(*ended_v2(), name="again"), *kept())
    assert verdicts("objects/heals", *refused, *well)["storage-5"] is PASS
    assert verdicts("objects/heals", *refused)["storage-5"] is FAIL
    assert verdicts("objects/heals", *v2(*error(), name="again"))["storage-5"] is FAIL


# --- providers, and where it lies -----------------------------------------------------------------


def test_a_provider_is_known_when_all_went_well() -> None:
    found = verdicts("objects/gcs", *v2(*ended_v2(), name="small"), *kept())
    assert found["storage-12"] is PASS
    found = verdicts("objects/gcs", *v2(*ended_v2(), name="small"), *nothing())
    assert found["storage-2"] is FAIL


def test_a_request_that_is_no_upload_says_nothing_of_a_provider() -> None:
    probe = (asked("probe", connection="c1", method="HEAD"), answered(404, connection="c1"))
    found = verdicts("objects/gcs", *probe, *v2(*ended_v2(), name="small"), *kept())
    assert found["storage-12"] is PASS


def test_a_refusal_that_the_recorder_does_not_get_over_is_its_fault_unless_of_the_region() -> None:
    def refused(rule: str) -> Status:
        remark = Remarked(what=REFUSED, value=f"{rule}: PutObject 400 No")
        return verdicts("objects/b2", *v2(*error(), name="small"), remark)["storage-12"]

    assert refused("checksums") is WARN
    assert refused("region") is SKIP
    coped = Remarked(what=REFUSED, value="conditional writes: PutObject 501 NotImplemented")
    well = (*v2(*ended_v2(), name="small"), *kept())
    assert verdicts("objects/b2", *well, coped)["storage-12"] is PASS


def test_what_was_answered_with_success_lies_in_the_bucket_that_was_chosen() -> None:
    well = (*opened_v2(), *ended_v2())
    assert verdicts("objects/stored", *well, *kept())["storage-11"] is PASS
    assert verdicts("objects/stored", *well, *nothing())["storage-11"] is FAIL


@pytest.mark.parametrize(
    ("left", "status"), [(STARTED, PASS), (STARTED - 1, WARN), (0, WARN), (None, SKIP)]
)
def test_some_of_a_long_session_leaves_before_its_end(left: int | None, status: Status) -> None:
    remarked = [] if left is None else [Remarked(what=LEFT, value=str(left))]
    assert STARTED < LARGE
    found = verdicts("objects/parts-leave", *opened_v2(), *remarked, *ended_v2(), *kept())
    assert found["storage-15"] is status


# --- killed while S3 was away ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "status"),
    [(kept(), PASS), (kept(SIZE + 3), PASS), (kept(SIZE - 1), WARN), (nothing(), WARN)],
)
def test_what_was_acked_is_back_after_a_kill(left: tuple[Kind, ...], status: Status) -> None:
    acked = v2(sent(b"more"), got(b'{"ack":5}'), Signalled(what="kill"), name="main")
    found = verdicts("objects/killed-while-away", *acked, Signalled(what="restart"), *left)
    assert found["storage-9"] is status


def test_without_an_ack_nothing_was_promised() -> None:
    found = verdicts("objects/killed-while-away", *v2(name="main"), *nothing())
    assert found["storage-9"] is SKIP


def test_what_was_not_looked_for_after_the_kill_is_not_known() -> None:
    acked = v2(got(b'{"ack":5}'), Signalled(what="kill"), name="main")
    assert verdicts("objects/killed-while-away", *acked)["storage-9"] is ERROR
    assert verdicts("objects/killed-while-away")["storage-9"] is ERROR


def test_who_takes_nothing_while_s3_is_well_promised_nothing_and_breaks_something_else() -> None:
    refused = (asked("main", marker=V2), answered(503), answer_end())
    assert verdicts("objects/killed-while-away", *refused) == {"storage-5": FAIL}


def test_what_is_back_is_the_beginning_of_what_was_sent() -> None:
    acked = v2(got(b'{"ack":5}'), Signalled(what="kill"), name="main")
    found = verdicts("objects/killed-while-away", *acked, *kept(9, SIZE))
    assert (found["storage-9"], found["storage-1"]) == (PASS, FAIL)


# --- our own store --------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "doubted"), [(0.0, False), (0.9, False), (4.0, True)])
def test_nobody_is_blamed_while_our_own_store_kept_them_waiting(
    seconds: float, *, doubted: bool
) -> None:
    refused = (asked("v2"), answered(503), got(b"S3: no answer within 4.0 s"), answer_end())
    late = Late(by=round(seconds * SECOND), loop="s3")
    found = verdicts(FAILS, late, *refused)
    assert found["storage-5"] is FAIL
    assert (found.get("rig") is ERROR) is doubted


def test_a_store_that_was_late_spoils_nothing_that_held() -> None:
    found = verdicts(FAILS, Late(by=4 * SECOND, loop="s3"), *v2(*error()), *nothing())
    assert "rig" not in found
    assert found["storage-6"] is PASS
