"""The judges of hostile HTTP/2: every reaction that the RFC allows passes, no other does."""

from __future__ import annotations

import pytest

from conformance import http2_offences as bad
from conformance.cases import Need
from conformance.history import Kind
from conformance.judgement import Status
from conformance.probed import (
    ConnectFailed,
    FrameSeen,
    Kept,
    Looked,
    Measured,
    Remarked,
    StreamReset,
    Waited,
)
from conformance.recorder_cases import hostile_http2 as case
from tests.conformance.recorder_cases.hostile import beside, goaway, gone, raw, settings
from tests.conformance.recorder_cases.told import (
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

PASS, FAIL, WARN, ERROR, SKIP = Status.PASS, Status.FAIL, Status.WARN, Status.ERROR, Status.SKIP
MIB = 1 << 20


def offence(one: bad.Frames, number: int, *came: Kind) -> tuple[Kind, ...]:
    connection = f"c{number}"
    upload = (
        (asked(one.what, connection=connection), answered(200, connection=connection))
        if one.upload
        else ()
    )
    return (settings(connection), *upload, raw(connection, one.what), *came)


def windows(first: tuple[Kind, ...] | None = None) -> dict[str, Status]:
    """Judge the windows; all but the first offence end their connection."""
    kinds = [offence(one, n, gone(f"c{n}")) for n, one in enumerate(bad.WINDOWS)]
    if first is not None:
        kinds[0] = first
    return verdicts("hostile/h2-windows", *beside(*(kind for all_ in kinds for kind in all_)))


# --- wrong frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "came",
    [gone("c0"), goaway("c0"), StreamReset(connection="c0", stream=1, code=3)],
    ids=["end", "goaway", "reset"],
)
def test_wrong_frames_may_end_their_connection_or_their_stream(came: Kind) -> None:
    assert windows(offence(bad.WINDOWS[0], 0, came))["hostile-11"] is PASS


@pytest.mark.parametrize(
    "kinds",
    [
        offence(bad.WINDOWS[0], 0),
        offence(bad.WINDOWS[0], 0, goaway("c0", 0)),
        offence(bad.WINDOWS[0], 0, gone("c0", "client")),
        offence(bad.WINDOWS[0], 0, gone("elsewhere")),
        (raw("c0", bad.WINDOWS[0].what), gone("c0")),
        (asked(bad.WINDOWS[0].what), gone("c0")),
        (ConnectFailed(connection="c0", why="refused"),),
    ],
    ids=["nothing", "polite", "ours", "other", "never served", "no upload", "no connection"],
)
def test_wrong_frames_that_end_nothing_break_their_clause(kinds: tuple[Kind, ...]) -> None:
    assert windows(kinds)["hostile-11"] is FAIL


def test_what_was_never_sent_is_not_known_and_never_held() -> None:
    assert windows(())["hostile-11"] is ERROR


def test_who_serves_nobody_is_to_blame_for_what_was_never_sent() -> None:
    found = verdicts("hostile/h2-windows", *opened_v2("neighbour", connection="n"), gone("n"))
    assert found["hostile-11"] is FAIL


RIGHT = tuple(kind for n, one in enumerate(bad.FRAMES) for kind in offence(one, n, goaway(f"c{n}")))
ANY_SIZE = Remarked(what=bad.TOO_LARGE)
"""The target takes frames as large as there are: none is too large for it."""
PREFACES = (asked(bad.BAD_PREFACE, connection="p"), asked(bad.NO_SETTINGS, connection="q"))


def frames(*kinds: Kind) -> Status:
    return verdicts("hostile/h2-frames", *beside(*RIGHT, *kinds))["hostile-3"]


def test_a_request_behind_a_wrong_preface_may_be_ignored_and_not_served() -> None:
    assert frames(ANY_SIZE, *PREFACES) is PASS
    assert frames(ANY_SIZE, *PREFACES, answered(400, connection="q")) is PASS
    assert frames(ANY_SIZE, *PREFACES, answered(200, connection="q")) is FAIL


@pytest.mark.parametrize("sent_", PREFACES)
def test_a_wrong_preface_that_was_not_sent_shows_nothing(sent_: Kind) -> None:
    assert frames(ANY_SIZE, sent_) is ERROR


def test_a_frame_that_is_larger_than_allowed_ends_its_connection_or_stream() -> None:
    large = (settings("l"), raw("l", bad.TOO_LARGE))
    assert frames(*PREFACES, *large, gone("l")) is PASS
    assert frames(*PREFACES, *large) is FAIL
    assert frames(*PREFACES) is ERROR


def test_a_neighbour_that_is_ended_too_breaks_the_clause() -> None:
    all_ = [kind for n, one in enumerate(bad.WINDOWS) for kind in offence(one, n, gone(f"c{n}"))]
    found = verdicts(
        "hostile/h2-windows", *opened_v2("neighbour", connection="n"), *all_, gone("n")
    )
    assert found["hostile-11"] is FAIL


# --- wrong requests -------------------------------------------------------------------------------


TABLES = {
    "hostile/h2-requests": ("hostile-3", tuple(one.what for one in bad.HEADS)),
    "hostile/h2-controls": ("hostile-7", tuple(one.what for one in bad.CONTROLS)),
    "hostile/h2-fields": ("hostile-8", case.FIELDS),
}
"""Cases of requests that are refused: the clause that says so, and the requests."""


def requests(
    name: str, *came: Kind, has: tuple[str, ...] = (), served: bool = True
) -> dict[str, Status]:
    """Judge requests: of the first `came` is told, and whether SETTINGS came; others are reset."""
    kinds: list[Kind] = []
    for number, what in enumerate(TABLES[name][1]):
        connection = f"c{number}"
        if number or served:
            kinds.append(settings(connection))
        kinds.append(
            asked(what, connection=connection, intent="refused", marker=f"rs-{connection}")
        )
        kinds += came if not number else (StreamReset(connection=connection, stream=1, code=1),)
    return verdicts(name, *beside(*kinds), has=has)


def broken(clause: str) -> Status:
    """Return what a broken clause is: hostile-8 is a SHOULD."""
    return WARN if clause == "hostile-8" else FAIL


RESET = StreamReset(connection="c0", stream=1, code=1)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "came",
    [
        (RESET,),
        (answered(400), answer_end()),
        (answered(431),),
        (goaway("c0"),),
        (gone("c0"),),
    ],
)
def test_a_request_that_is_refused_may_be_reset_answered_or_cut(
    name: str, came: tuple[Kind, ...]
) -> None:
    assert requests(name, *came)[TABLES[name][0]] is PASS


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "came",
    [
        (),
        (Waited(what="it", seconds=4.0, connection="c0", stream=1),),
        (answered(200),),
        (answered(200), gone("c0")),
        (answered(200), got(b"{}"), answer_end()),
    ],
)
def test_a_request_that_is_refused_is_neither_taken_nor_forgotten(
    name: str, came: tuple[Kind, ...]
) -> None:
    clause = TABLES[name][0]
    assert requests(name, *came)[clause] is broken(clause)


@pytest.mark.parametrize("name", TABLES)
def test_a_connection_that_was_never_served_refuses_nothing(name: str) -> None:
    clause = TABLES[name][0]
    assert requests(name, gone("c0"), served=False)[clause] is broken(clause)


@pytest.mark.parametrize("name", TABLES)
def test_requests_that_were_not_sent_show_nothing(name: str) -> None:
    assert verdicts(name, *beside())[TABLES[name][0]] is ERROR


@pytest.mark.parametrize("name", ["hostile/h2-requests", "hostile/h2-controls"])
def test_what_is_refused_leaves_nothing_where_somebody_could_look(name: str) -> None:
    nothing = Looked(marker="rs-c0", found=0)
    left = Kept(marker="rs-c0", path="n1/2026-01-01T00:00:00Z.cast", size=0, agrees=0)
    found = Looked(marker="rs-c0", found=1)
    assert requests(name, RESET, nothing, has=(Need.STORE,))["hostile-17"] is PASS
    assert requests(name, RESET, left, found, has=(Need.STORE,))["hostile-17"] is FAIL
    assert requests(name, RESET)["hostile-17"] is SKIP


# --- lengths --------------------------------------------------------------------------------------


def lengths(*came: Kind) -> Status:
    kinds: list[Kind] = []
    for number, (what, _) in enumerate(bad.LENGTHS[1:], 1):
        kinds += [asked(what, connection=f"c{number}"), gone(f"c{number}")]
    first = asked(bad.LENGTHS[0][0])
    return verdicts("hostile/h2-lengths", *beside(*kinds, first, *came))["hostile-3"]


TAKEN = (answered(200), sent(b"line\n"), body_end())


def test_an_upload_of_another_length_may_fail_in_any_way() -> None:
    assert lengths(answered(400)) is PASS
    assert lengths(*TAKEN, StreamReset(connection="c0", stream=1, code=1)) is PASS
    assert lengths(*TAKEN, got(b'{"error":"short"}'), answer_end()) is PASS


def test_an_upload_of_another_length_is_no_success() -> None:
    assert lengths(*TAKEN, got(b'{"ack":5}'), answer_end()) is FAIL
    assert lengths(*TAKEN) is FAIL


def test_an_upload_of_another_length_that_was_not_made_is_not_known() -> None:
    assert verdicts("hostile/h2-lengths", *beside())["hostile-3"] is ERROR


# --- what nobody knows ----------------------------------------------------------------------------


def test_unknown_frames_are_ignored_and_the_upload_among_them_goes_well() -> None:
    def unknown(*main: Kind) -> Status:
        return verdicts("hostile/h2-unknown", *beside(*main))["hostile-3"]

    begun = opened_v2(connection="m")
    assert unknown(*begun, *ended_v2(connection="m")) is PASS
    assert unknown(*begun, StreamReset(connection="m", stream=1, code=1)) is FAIL
    assert unknown(*begun, gone("m")) is FAIL
    assert unknown() is ERROR


# --- what is overrun ------------------------------------------------------------------------------


def overrun(*came: Kind) -> Status:
    kinds = [kind for n, one in enumerate(bad.WINDOWS) for kind in offence(one, n, gone(f"c{n}"))]
    upload = (
        Measured(what=case.INITIAL, value=4, unit="bytes"),
        asked(case.OVERRUN, connection="o"),
        answered(200, connection="o"),
        sent(b"x" * 16, connection="o"),
        body_end(connection="o"),
    )
    return verdicts("hostile/h2-windows", *beside(*kinds, *upload, *came))["hostile-11"]


def test_a_window_is_overrun_only_beyond_all_that_was_given() -> None:
    given = FrameSeen(connection="o", stream=1, frame="WINDOWUPDATE", value=12)
    other = FrameSeen(connection="o", stream=0, frame="WINDOWUPDATE", value=12)
    success = (got(b'{"ack":16}', connection="o"), answer_end(connection="o"))
    assert overrun(given, *success) is PASS
    assert overrun(*success) is FAIL
    assert overrun(other, *success) is FAIL
    assert overrun(StreamReset(connection="o", stream=1, code=3)) is PASS


# --- the tables -----------------------------------------------------------------------------------


def test_every_offence_has_a_name_of_its_own() -> None:
    names = [
        *(one.what for one in (*bad.FRAMES, *bad.WINDOWS, *bad.HEADS, *bad.CONTROLS, *bad.FLOODS)),
        *(what for what, _ in bad.LENGTHS),
        *(bad.TOO_LARGE, bad.NO_SETTINGS, bad.BAD_PREFACE, case.OVERRUN, case.RESET, *case.FIELDS),
    ]
    assert len(names) == len(set(names))


def test_the_bomb_fits_one_frame_and_unfolds_to_what_it_says() -> None:
    import hpack  # noqa: PLC0415 - nothing else here reads header blocks

    block = bad.bomb(case.BOMB_MIB)
    assert len(block) < bad.FRAME - 200
    fields = hpack.Decoder(max_header_list_size=1 << 30).decode(block, raw=True)
    size = sum(len(name) + len(value) + 32 for name, value in fields)
    assert size >= case.BOMB_MIB * MIB - 8192
