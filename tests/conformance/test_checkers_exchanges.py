"""What every exchange with a recorder must keep, whatever case it is part of."""

from __future__ import annotations

import json

import msgspec
import pytest

from conformance.history import Disconnected, Event, Kind
from conformance.judgement import Status
from conformance.probed import BodyCut, CasePlayed, Kept, Looked
from tests.conformance.recorder_cases.told import (
    MARKER,
    answer_end,
    answered,
    asked,
    ended_v2,
    got,
    opened_v2,
    sent,
    told,
    upload_v1,
    verdicts,
    worst,
)

PASS, FAIL, WARN = Status.PASS, Status.FAIL, Status.WARN
GONE = Disconnected(recorder="target", connection="c0", by="recorder", how="fin")
PATH = "n1/2026-01-01T00:00:00Z.cast"


# --- whom it is blamed on -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "clause"),
    [
        ((), "v2-2"),
        ((GONE,), "v2-2"),
        ((answered(503), answer_end()), "storage-5"),
        ((answered(200), answer_end()), "streaming-12"),
        ((answered(200), sent(b"line\n"), GONE), "storage-5"),
        ((answered(200), got(b'{"error":"full"}'), answer_end()), "storage-5"),
        ((*opened_v2()[1:], *ended_v2()[:2]), "streaming-12"),
        ((*opened_v2()[1:], *ended_v2()[:2], GONE), "storage-5"),
    ],
)
def test_a_v2_upload_that_fails_breaks_the_clause_of_where_it_failed(
    came: tuple[Kind, ...], clause: str
) -> None:
    found = verdicts("storing/bytes-v2", asked(intent="whole", marker=MARKER), *came)
    assert {c for c, status in found.items() if status is FAIL} == {clause}


HEAD, INTERIM, LINE, END, OK, OVER = upload_v1()


@pytest.mark.parametrize(
    ("came", "clause"),
    [
        ((), "v1-2"),
        ((GONE,), "v1-2"),
        ((OK, OVER), "v1-2"),
        ((answered(503, stream=0), OVER), "storage-5"),
        ((INTERIM, LINE, OK, OVER), "v1-3"),
        ((INTERIM, LINE, OK), "v1-3"),
        ((INTERIM, LINE, END), "v1-3"),
        ((INTERIM, LINE, END, GONE), "storage-5"),
        ((INTERIM, LINE, GONE), "storage-5"),
    ],
)
def test_a_v1_upload_that_fails_breaks_the_clause_of_where_it_failed(
    came: tuple[Kind, ...], clause: str
) -> None:
    found = verdicts("storing/bytes-v1", HEAD, *came)
    assert {c for c, status in found.items() if status is FAIL} == {clause}


@pytest.mark.parametrize(
    ("came", "clause"),
    [((GONE,), "v2-2"), ((answered(200), sent(b"line\n")), ""), ((answered(503),), "storage-5")],
)
def test_an_upload_that_we_break_off_had_to_be_taken_first(
    came: tuple[Kind, ...], clause: str
) -> None:
    cut = BodyCut(connection="c0", stream=1, how="fin")
    upload = asked("lost", intent="cut", marker=MARKER)
    found = verdicts("storing/broke-off-v2", upload, *came, cut)
    assert {c for c, status in found.items() if status is FAIL} == ({clause} if clause else set())


# --- what is stored -------------------------------------------------------------------------------


def stored(*kept: Kept, **played: object) -> dict[str, Status]:
    """A whole upload over v2 and what storage holds of it; `played` says more of the target."""
    marker = f"{MARKER}c0-1"
    first, *events = told(
        "storing/layout", *opened_v2(), *ended_v2(), *kept, Looked(marker=marker, found=len(kept))
    )
    assert isinstance(first.what, CasePlayed)
    what = msgspec.structs.replace(first.what, **played)
    return worst("storing/layout", (Event("probe", 0, 0, what), *events))


def kept(path: str = PATH, *, size: int = 5, whole: bool = True, **more: object) -> Kept:
    marker = f"{MARKER}c0-1"
    return Kept(marker=marker, path=path, size=size, agrees=5, whole=whole, **more)  # type: ignore[arg-type]


def test_a_recording_is_stored_once_alone_and_under_a_name() -> None:
    assert stored(kept())["storage-3"] is PASS
    assert stored(kept(others=("rs-1",)))["storage-3"] is FAIL
    assert stored(kept(), kept("n1/2026-01-01T00:00:00.1Z.cast"))["storage-3"] is FAIL
    assert stored(kept(".tmp/1", whole=False))["storage-2"] is FAIL
    assert stored(kept(size=6))["storage-1"] is FAIL


# --- where it lies --------------------------------------------------------------------------------

BEGAN = 1_767_225_600
"""2026-01-01T00:00:00Z."""


def header(timestamp: object = BEGAN, node: object = "nLAPTOP") -> bytes:
    return json.dumps({"timestamp": timestamp, "srcNodeID": node}).encode() + b"\n"


def lies(path: str, data: bytes, *, node_id: str = "source") -> dict[str, Status]:
    found = stored(kept(path, data=data), node_id=node_id)
    return {c: found[c] for c in ("storage-4", "storage-7", "storage-10") if c in found}


RIGHT = dict.fromkeys(("storage-4", "storage-7", "storage-10"), PASS)


def test_a_recording_lies_where_its_header_says() -> None:
    assert lies("nLAPTOP/2026-01-01T00:00:00Z.cast", header()) == RIGHT
    assert lies("nLAPTOP/2026-01-01T00:00:00.25Z.cast", header()) == RIGHT


@pytest.mark.parametrize(
    ("path", "clause"),
    [
        ("nLAPTOP/2026-01-01T00:00:01Z.cast", "storage-7"),
        ("nLAPTOP/2026-01-01T01:00:00Z.cast", "storage-7"),
        ("nLAPTOP/2026-01-01T00:00:00Z-1.cast", "storage-7"),
        ("nOTHER/2026-01-01T00:00:00Z.cast", "storage-10"),
    ],
)
def test_a_name_that_says_something_else_breaks_its_clause(path: str, clause: str) -> None:
    assert lies(path, header()) == RIGHT | {clause: WARN}


@pytest.mark.parametrize(
    "path", ["2026-01-01T00:00:00Z.cast", "a/b/2026-01-01T00:00:00Z.cast", "nLAPTOP/1.cast"]
)
def test_another_layout_is_no_name(path: str) -> None:
    assert lies(path, header()) == {"storage-4": FAIL}
    assert "storage-4" not in stored(kept(path), layout=False)


def test_a_folder_names_the_source_only_where_the_profile_says_so() -> None:
    path = "nSERVER/2026-01-01T00:00:00Z.cast"
    assert "storage-10" not in lies(path, header(), node_id="any")
    assert "storage-10" not in lies(path, header(), node_id="server")


@pytest.mark.parametrize("node", ["n-1", "../x", "nab"])
def test_a_node_that_has_no_plain_name_may_get_another(node: str) -> None:
    assert "storage-10" not in lies("a/2026-01-01T00:00:00Z.cast", header(node=node))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        header("now"),
        header(-1),
        header(0),
        header(253_402_300_800),
    ],
    ids=["nothing", "no UTF-8", "deep", "no number", "negative", "zero", "after 9999"],
)
def test_a_header_that_tells_no_time_says_nothing_of_the_name(line: bytes) -> None:
    assert lies("nLAPTOP/2026-01-01T00:00:00Z.cast", line) == {"storage-4": PASS}


def test_the_last_second_that_can_be_told_is_looked_at() -> None:
    path = "nLAPTOP/9999-12-31T23:59:59Z.cast"
    assert lies(path, header(253_402_300_799)) == RIGHT
