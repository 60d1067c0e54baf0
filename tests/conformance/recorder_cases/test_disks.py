"""The judges of failing storage: what is refused or told passes, what is lost in silence fails."""

from __future__ import annotations

import pytest

from conformance.history import Disconnected, Kind
from conformance.judgement import Status
from conformance.probed import ConnectFailed, Kept, Looked, Remarked, StreamReset, Waited
from conformance.recorder_cases.disks import CANNOT, FAULT, LEFT
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
    verdicts,
)

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
LINE = b"line\n"
SPOILED = Remarked(what=FAULT)


def head(http: str = "2", name: str = "main") -> Kind:
    return asked(name, http=http, marker=MARKER)


def looked(kept: int | None, agrees: int | None = None, path: str = "n/t.cast") -> list[Kind]:
    """A look at storage that found so many bytes of the upload, or nothing."""
    if kept is None:
        return [Looked(marker=MARKER, found=0)]
    same = kept if agrees is None else agrees
    shown = not path.startswith(".")
    one = Kept(marker=MARKER, path=path, size=kept, agrees=same, whole=shown)
    return [one, Looked(marker=MARKER, found=1)]


def taken(*answer: Kind, http: str = "2", ended: bool = True) -> list[Kind]:
    """An upload that was taken and sent; what came back follows."""
    opened = answered(200 if http == "2" else 100)
    return [head(http), opened, sent(LINE), *([body_end()] if ended else []), *answer]


SUCCESS_V2 = (got(b'{"ack":5}\n'), answer_end())
ERROR_V2 = (got(b'{"ack":2}\n{"error":"disk full"}\n'), answer_end())


# --- refusing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "status"), [("v1", 503), ("v1", 500), ("v2", 503), ("v2", 404)]
)
def test_a_refusal_with_a_status_is_right(version: str, status: int) -> None:
    clause, http = ("v1-7", "1.1") if version == "v1" else ("v2-6", "2")
    answer = [head(http), answered(status), answer_end(), *looked(None)]
    assert verdicts(f"disks/no-folder-{version}", SPOILED, *answer) == {
        clause: PASS,
        "storage-14": PASS,
    }


@pytest.mark.parametrize(
    "answer",
    [
        [answered(200), answer_end()],
        [Disconnected(recorder="target", connection="c0", by="recorder", how="fin")],
        [Waited(what="the interim 100", seconds=5.0, connection="c0", stream=1)],
    ],
    ids=["200 in place of the 100", "no answer", "silence"],
)
def test_a_refusal_without_one_is_not(answer: list[Kind]) -> None:
    found = verdicts("disks/no-folder-v1", SPOILED, head("1.1"), *answer)
    assert found["v1-7"] is FAIL


def test_a_100_before_the_refusal_is_too_early() -> None:
    answer: list[Kind] = [answered(100), answered(503), answer_end()]
    found = verdicts("disks/no-folder-v1", SPOILED, head("1.1"), *answer)
    assert found == {"v1-7": FAIL, "storage-14": WARN}


def test_a_200_before_the_error_is_too_early() -> None:
    answer: list[Kind] = [answered(200), got(b'{"error":"no disk"}\n'), answer_end()]
    found = verdicts("disks/read-only-v2", SPOILED, head(), *answer)
    assert (found["v2-6"], found["storage-14"]) == (FAIL, WARN)


def test_who_learns_it_from_the_first_bytes_is_late_but_honest() -> None:
    found = verdicts("disks/no-folder-v2", SPOILED, *taken(*ERROR_V2), *looked(None))
    assert (found["storage-14"], found["storage-6"]) == (WARN, PASS)
    assert found["v2-6"] is SKIP


def test_who_takes_it_and_says_nothing_loses_it() -> None:
    found = verdicts("disks/no-folder-v2", SPOILED, *taken(*SUCCESS_V2), *looked(None))
    assert (found["storage-14"], found["storage-6"]) == (WARN, FAIL)


def test_a_recorder_that_left_takes_nothing() -> None:
    gone = ConnectFailed(connection="c1", why="refused")
    assert verdicts("disks/no-folder-v1", SPOILED, gone)["v1-7"] is SKIP


ALL = [
    "disks/no-folder-v1",
    "disks/full-v2",
    "disks/folder-removed",
    "disks/node-taken",
    "disks/refused",
    "disks/small",
]


@pytest.mark.parametrize("name", ALL)
def test_what_was_not_played_is_not_known(name: str) -> None:
    assert set(verdicts(name).values()) == {ERROR}
    assert set(verdicts(name, SPOILED).values()) == {ERROR}


@pytest.mark.parametrize("name", ALL)
def test_what_cannot_be_had_is_not_seen(name: str) -> None:
    found = verdicts(name, Remarked(what=CANNOT, value="no mounting here"))
    assert set(found.values()) == {SKIP}


# --- telling --------------------------------------------------------------------------------------


def lost_v2(*answer: Kind, ended: bool = False) -> dict[str, Status]:
    return verdicts("disks/full-v2", SPOILED, *taken(ended=ended), *answer)


def test_an_error_frame_tells() -> None:
    assert lost_v2(*ERROR_V2, *looked(2))["storage-6"] is PASS


@pytest.mark.parametrize(
    "answer",
    [
        [got(b'{"ack":2}\n'), answer_end()],
        [got(b'{"ack":2}\n{"error":""}\n'), answer_end()],
        [StreamReset(connection="c0", stream=1, code=2)],
        [Disconnected(recorder="target", connection="c0", by="recorder", how="reset")],
        [Waited(what="the end of the answer", seconds=10.0, connection="c0", stream=1)],
    ],
    ids=["an end", "an empty error", "a reset", "the end of the connection", "silence"],
)
def test_nothing_else_does(answer: list[Kind]) -> None:
    assert lost_v2(*answer)["storage-6"] is FAIL


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [
        (looked(5), SKIP),
        (looked(4), FAIL),
        (looked(None), FAIL),
        (looked(5, path=".incoming/5"), FAIL),
    ],
    ids=["all of it", "a part", "nothing", "unfinished"],
)
def test_success_is_right_only_with_all_bytes(kept: list[Kind], verdict: Status) -> None:
    found = verdicts("disks/full-v2", SPOILED, *taken(*SUCCESS_V2), *kept)
    assert found["storage-6"] is verdict


def test_success_that_nobody_looked_at_is_not_known() -> None:
    assert verdicts("disks/full-v2", SPOILED, *taken(*SUCCESS_V2))["storage-6"] is ERROR


@pytest.mark.parametrize(("status", "kind"), [(500, PASS), (507, PASS), (400, WARN), (413, WARN)])
def test_v1_tells_by_a_status_of_the_server(status: int, kind: Status) -> None:
    answer = taken(answered(status), answer_end(), http="1.1", ended=False)
    assert verdicts("disks/full-v1", SPOILED, *answer) == {"storage-6": PASS, "v1-15": kind}


def test_a_v1_connection_that_ends_tells_nothing() -> None:
    end = Disconnected(recorder="target", connection="c0", by="recorder", how="reset")
    assert verdicts("disks/full-v1", SPOILED, *taken(end, http="1.1"))["storage-6"] is FAIL


def test_what_is_kept_of_it_is_what_was_sent() -> None:
    assert lost_v2(*ERROR_V2, *looked(4, agrees=2))["storage-1"] is FAIL


@pytest.mark.parametrize("answer", [ERROR_V2, SUCCESS_V2])
def test_an_end_before_the_fault_is_not_blamed_on_it(answer: tuple[Kind, ...]) -> None:
    assert verdicts("disks/full-v2", *taken(*answer))["storage-6"] is ERROR


@pytest.mark.parametrize("name", ["disks/full-v2", "disks/small"])
def test_what_was_not_taken_cannot_be_lost_in_the_middle(name: str) -> None:
    found = verdicts(name, SPOILED, head(), answered(503), answer_end())
    assert found["storage-6"] is ERROR


# --- the folder that was removed, and what is left ------------------------------------------------


@pytest.mark.parametrize(
    ("upload", "verdict"),
    [
        ([head(), answered(503), answer_end()], SKIP),
        ([*taken(*SUCCESS_V2), *looked(5)], PASS),
        ([*taken(*SUCCESS_V2), *looked(None)], FAIL),
        ([*taken(*ERROR_V2), *looked(None)], PASS),
    ],
    ids=["refused", "folder made anew", "lost", "told"],
)
def test_a_removed_folder_may_be_made_anew(upload: list[Kind], verdict: Status) -> None:
    assert verdicts("disks/folder-removed", SPOILED, *upload)["storage-6"] is verdict


@pytest.mark.parametrize(
    ("upload", "verdict"),
    [
        ([head(), answered(503), answer_end()], SKIP),
        ([*taken(*ERROR_V2), *looked(None)], PASS),
        ([*taken(*SUCCESS_V2), *looked(5, path="n-1/t.cast")], SKIP),
        ([*taken(*SUCCESS_V2), *looked(None)], FAIL),
    ],
    ids=["refused", "told", "stored elsewhere", "lost"],
)
def test_what_finds_a_file_where_its_folder_belongs_is_not_lost_in_silence(
    upload: list[Kind], verdict: Status
) -> None:
    assert verdicts("disks/node-taken", SPOILED, *upload)["storage-6"] is verdict


@pytest.mark.parametrize(
    ("left", "verdict"),
    [([Remarked(what=LEFT)], PASS), ([Remarked(what=LEFT, value="n/t.cast")], FAIL), ([], ERROR)],
)
def test_a_refusal_leaves_nothing(left: list[Kind], verdict: Status) -> None:
    answer = [head(), answered(503), answer_end(), *looked(None)]
    assert verdicts("disks/refused", SPOILED, *answer, *left)["hostile-17"] is verdict


def test_what_was_taken_may_leave_something() -> None:
    found = verdicts(
        "disks/refused",
        SPOILED,
        *taken(*ERROR_V2),
        *looked(2),
        Remarked(what=LEFT, value="n/t.cast"),
    )
    assert (found["hostile-17"], found["storage-6"]) == (SKIP, PASS)


# --- a small disk ---------------------------------------------------------------------------------


def small(*later: Kind, after: tuple[Kind, ...] = ()) -> dict[str, Status]:
    """A disk that fills up, of which the upload is told; then another comes, then there is room."""
    first = [*taken(*ERROR_V2), *looked(2)]
    second = asked("while it is full", connection="c1", marker="rs-1")
    return verdicts("disks/small", SPOILED, *first, second, *later, *after)


NEXT = (answered(200, connection="c1"), sent(LINE, connection="c1"), body_end(connection="c1"))


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        ((answered(503, connection="c1"),), PASS),
        ((*NEXT, got(b'{"error":"full"}', connection="c1")), PASS),
        ((*NEXT, StreamReset(connection="c1", stream=1, code=2)), FAIL),
        ((*NEXT, got(b'{"ack":5}', connection="c1"), answer_end(connection="c1")), FAIL),
    ],
    ids=["refused", "told", "reset", "lost"],
)
def test_no_upload_to_a_full_disk_is_lost_in_silence(
    later: tuple[Kind, ...], verdict: Status
) -> None:
    assert small(*later, Looked(marker="rs-1", found=0))["storage-6"] is verdict


def test_a_disk_that_has_room_again_takes_recordings() -> None:
    begun = opened_v2("after", connection="c2")
    refused = (asked("after", connection="c2", intent="whole", marker="rs-2"),)
    assert small(after=(*begun, *ended_v2(connection="c2")))["storage-5"] is PASS
    assert small(after=(*refused, answered(503, connection="c2")))["storage-5"] is FAIL
