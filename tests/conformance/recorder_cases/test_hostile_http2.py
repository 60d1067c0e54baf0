"""The judges of hostile HTTP/2: every reaction that the RFC allows passes, no other does."""

from __future__ import annotations

import pytest

from conformance import http2_offences as bad
from conformance.checkers.aftermath import AFTER, BEFORE, UNDER
from conformance.history import Disconnected, Kind
from conformance.judgement import Status
from conformance.probed import (
    ConnectFailed,
    FrameSeen,
    Measured,
    RawSent,
    Remarked,
    StreamReset,
    Waited,
)
from conformance.recorder_cases import hostile_http2 as case
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

PASS, FAIL, WARN, ERROR = Status.PASS, Status.FAIL, Status.WARN, Status.ERROR
MIB = 1 << 20


def beside(*kinds: Kind) -> tuple[Kind, ...]:
    """Return what happened, with a session beside it and one after it that go well."""
    return (
        *opened_v2("neighbour", connection="n"),
        *kinds,
        *ended_v2(connection="n"),
        *opened_v2("after", connection="a"),
        *ended_v2(connection="a"),
    )


def settings(connection: str) -> Kind:
    return FrameSeen(connection=connection, stream=0, frame="SETTINGS")


def gone(connection: str, by: str = "recorder") -> Kind:
    return Disconnected(recorder="target", connection=connection, by=by, how="fin")


def goaway(connection: str, code: int = 1) -> Kind:
    return FrameSeen(connection=connection, stream=0, frame="GOAWAY", value=code)


def raw(connection: str, what: str) -> Kind:
    return RawSent(connection=connection, what=what, size=1)


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


def test_a_request_behind_a_wrong_preface_may_be_ignored_and_not_served() -> None:
    right = [kind for n, one in enumerate(bad.FRAMES) for kind in offence(one, n, goaway(f"c{n}"))]
    right += [Remarked(what=bad.TOO_LARGE), asked(bad.BAD_PREFACE, connection="p")]
    unserved = asked(bad.NO_SETTINGS, connection="q")
    taken = answered(200, connection="q")
    assert verdicts("hostile/h2-frames", *beside(*right, unserved))["hostile-3"] is PASS
    assert verdicts("hostile/h2-frames", *beside(*right, unserved, taken))["hostile-3"] is FAIL


def test_a_neighbour_that_is_ended_too_breaks_the_clause() -> None:
    all_ = [kind for n, one in enumerate(bad.WINDOWS) for kind in offence(one, n, gone(f"c{n}"))]
    found = verdicts(
        "hostile/h2-windows", *opened_v2("neighbour", connection="n"), *all_, gone("n")
    )
    assert found["hostile-11"] is FAIL


# --- wrong requests -------------------------------------------------------------------------------


def requests(first: tuple[Kind, ...]) -> Status:
    """Judge control characters; all requests but the first are reset."""
    kinds: list[Kind] = [settings("c0"), *first]
    for number, one in enumerate(bad.CONTROLS[1:], 1):
        connection = f"c{number}"
        kinds += [
            settings(connection),
            asked(one.what, connection=connection, intent="refused", marker=f"rs-{number}"),
            StreamReset(connection=connection, stream=1, code=1),
        ]
    return verdicts("hostile/h2-controls", *beside(*kinds))["hostile-7"]


HEAD = asked(bad.CONTROLS[0].what, intent="refused", marker="rs-c0")


@pytest.mark.parametrize(
    "came",
    [
        (StreamReset(connection="c0", stream=1, code=1),),
        (answered(400), answer_end()),
        (answered(431),),
        (goaway("c0"),),
        (gone("c0"),),
    ],
)
def test_a_malformed_request_may_be_reset_answered_or_cut(came: tuple[Kind, ...]) -> None:
    assert requests((HEAD, *came)) is PASS


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
def test_a_malformed_request_is_neither_taken_nor_forgotten(came: tuple[Kind, ...]) -> None:
    assert requests((HEAD, *came)) is FAIL


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


# --- floods, resets, memory -----------------------------------------------------------------------


def resets(sent_: int, *came: Kind) -> Status:
    attack = (
        settings("c0"),
        raw("c0", case.RESET),
        *came,
        Remarked(what=case.RESET, value=str(sent_)),
    )
    return verdicts("hostile/h2-resets", *beside(*attack))["hostile-9"]


def test_resets_end_the_connection_or_are_held_back() -> None:
    assert resets(case.RESETS, goaway("c0", 11)) is PASS
    assert resets(case.RESETS, gone("c0")) is PASS
    assert resets(case.RESETS // 2) is PASS
    assert resets(case.RESETS) is WARN
    assert resets(case.RESETS, goaway("c0", 0)) is WARN


def test_resets_that_were_not_sent_show_nothing() -> None:
    assert verdicts("hostile/h2-resets", *beside())["hostile-9"] is ERROR


def floods(*kinds: Kind) -> Status:
    sent_ = [raw(f"c{number}", one.what) for number, one in enumerate(bad.FLOODS)]
    main = (*opened_v2(connection="m"), *ended_v2(connection="m"))
    return verdicts("hostile/h2-floods", *beside(*kinds, *sent_, *main))["hostile-10"]


def memory(what: str, mib: int) -> Kind:
    return Measured(what=what, value=mib * MIB, unit="bytes")


def test_memory_comes_back_to_what_it_was() -> None:
    assert floods() is PASS
    assert floods(memory(BEFORE, 100), memory(UNDER, 150), memory(AFTER, 130)) is PASS
    assert floods(memory(BEFORE, 100), memory(UNDER, 300), memory(AFTER, 130)) is WARN
    assert floods(memory(BEFORE, 100), memory(AFTER, 300)) is WARN


def test_memory_that_stays_breaks_no_must() -> None:
    found = verdicts(
        "hostile/h2-unknown",
        memory(BEFORE, 100),
        *beside(*opened_v2(connection="m"), *ended_v2(connection="m")),
        memory(AFTER, 300),
    )
    assert found["hostile-3"] is PASS
    assert found["hostile-10"] is WARN


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
