"""The judges of hostile HTTP/1.1: every reaction that the RFC allows passes, no other does."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import http1_offences as bad
from conformance.checkers.aftermath import AFTER, BEFORE, UNDER
from conformance.history import Kind
from conformance.judgement import Status
from conformance.probed import Asked, Connected, ConnectFailed, Kept, Looked, Measured, Waited
from conformance.recorder_cases import hostile_http1 as case
from tests.conformance.recorder_cases.hostile import beside, gone
from tests.conformance.recorder_cases.told import (
    answer_end,
    answered,
    asked,
    body_end,
    ended_v2,
    opened_v2,
    sent,
    upload_v1,
    verdicts,
)

PASS, FAIL, WARN, ERROR, SKIP = Status.PASS, Status.FAIL, Status.WARN, Status.ERROR, Status.SKIP
MIB = 1 << 20


def asked_h1(name: str, connection: str, stream: int = 0) -> Asked:
    marker = f"rs-{connection}-{stream}"
    return asked(name, http="1.1", connection=connection, stream=stream, marker=marker)


def refused(name: str, connection: str, status: int = 400) -> tuple[Kind, ...]:
    return (
        asked_h1(name, connection),
        answered(status, connection=connection, stream=0),
        gone(connection),
    )


def kept(asked: Asked, data: bytes = b"") -> tuple[Kind, ...]:
    found = Kept(
        marker=asked.marker,
        path="n1/2026-01-01T00:00:00Z.cast",
        size=9,
        agrees=9,
        data=data or b'{"connectionID":"%b"}\n' % asked.marker.encode(),
    )
    return (found, Looked(marker=asked.marker, found=1))


# --- smuggling ------------------------------------------------------------------------------------


def smuggled(*came: Kind, which: int = 0) -> dict[str, Status]:
    """Judge all pairs: all but one are refused by their heads; of that one `came` is told."""
    kinds: list[Kind] = []
    for number, one in enumerate(bad.SMUGGLING):
        connection = f"c{number}"
        if number == which:
            kinds += [
                asked_h1(one.what, connection),
                asked_h1(one.what + case.BEHIND, connection, 1),
                *came,
            ]
        else:
            kinds += refused(one.what, connection)
    return verdicts("hostile/h1-smuggling", *beside(*kinds))


FIRST, SECOND = asked_h1("", "c0"), asked_h1("", "c0", 1)


@pytest.mark.parametrize(
    "came",
    [
        (answered(400, connection="c0", stream=0), gone("c0")),
        (gone("c0"),),
        # Read by its coding or by its length, and the connection ended, or idle: one request.
        (answered(200, connection="c0", stream=0), gone("c0"), *kept(FIRST)),
        (answered(200, connection="c0", stream=0), *kept(FIRST)),
        # Who gives up on an idle connection says so.
        (answered(200, connection="c0", stream=0), answered(408, connection="c0", stream=1)),
        # The second one is text in the recording of the first.
        (
            answered(200, connection="c0", stream=0),
            *kept(SECOND, b'{"connectionID":"rs-c0-0"}\n{"connectionID":"rs-c0-1"}\n'),
        ),
    ],
)
def test_one_request_is_right(came: tuple[Kind, ...]) -> None:
    found = smuggled(*came)
    assert found["hostile-4"] is found["hostile-7"] is found["hostile-3"] is PASS
    assert FAIL not in found.values()


def test_two_answers_are_two_requests() -> None:
    found = smuggled(
        answered(200, connection="c0", stream=0), answered(404, connection="c0", stream=1)
    )
    assert found["hostile-4"] is FAIL
    assert found["hostile-7"] is PASS


def test_a_recording_of_the_second_is_two_requests() -> None:
    found = smuggled(answered(200, connection="c0", stream=0), *kept(SECOND))
    assert found["hostile-4"] is FAIL


def test_a_bare_cr_is_judged_by_its_own_clause() -> None:
    which = next(n for n, one in enumerate(bad.SMUGGLING) if one.clause == "hostile-7")
    found = smuggled(
        answered(200, connection=f"c{which}", stream=0),
        answered(200, connection=f"c{which}", stream=1),
        which=which,
    )
    assert found["hostile-7"] is FAIL
    assert found["hostile-4"] is PASS


def test_silence_is_no_reaction() -> None:
    found = smuggled(Waited(what="an answer", seconds=4.0, connection="c0"))
    assert found["hostile-3"] is FAIL


def test_what_was_refused_may_not_be_kept() -> None:
    found = smuggled(answered(400, connection="c0", stream=0), gone("c0"), *kept(FIRST))
    assert found["hostile-17"] is FAIL


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("hostile/h1-smuggling", "hostile-4"),
        ("hostile/h1-malformed", "hostile-3"),
        ("hostile/h1-controls", "hostile-7"),
        ("hostile/h1-host", "hostile-5"),
        ("hostile/h1-endless-head", "hostile-8"),
        ("hostile/h1-chunks", "hostile-6"),
        ("hostile/h1-refused", "hostile-17"),
        ("hostile/deep-headers", "hostile-13"),
    ],
)
def test_what_was_not_sent_is_not_known(name: str, clause: str) -> None:
    assert verdicts(name, *beside())[clause] is ERROR


def test_who_serves_nobody_is_to_blame() -> None:
    found = verdicts("hostile/h1-smuggling", ConnectFailed(connection="c0", why="refused"))
    assert found["hostile-4"] is found["hostile-3"] is FAIL


def test_every_pair_can_be_read_as_two() -> None:
    """Read by one of its two ends, what follows is exactly the second request."""
    first, second = b'{"a":1}\n', b"POST /record HTTP/1.1\r\n"
    for one in bad.SMUGGLING:
        head, body, rest = one.written(first, second)
        assert head.endswith(b"\r\n\r\n")
        assert rest.startswith(second)
        lengths = {int(word) for word in head.replace(b",", b" ").split() if word.isdigit()}
        assert lengths & {len(body), len(body + second)}, one.what


@given(st.binary(min_size=1, max_size=300))
def test_a_chunk_is_one(data: bytes) -> None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.next_event()
    connection.receive_data(bad.chunk(data))
    event = connection.next_event()
    assert isinstance(event, h11.Data)
    assert event.data == data


# --- heads ----------------------------------------------------------------------------------------


def heads(name: str, table: tuple[bad.Head, ...], *first: Kind) -> dict[str, Status]:
    kinds = [refused(head.what, f"c{number}") for number, head in enumerate(table)]
    kinds[0] = (asked_h1(table[0].what, "c0"), *first)
    return verdicts(name, *beside(*(kind for all_ in kinds for kind in all_)))


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ((answered(400, stream=0), gone("c0")), PASS),
        ((answered(501, stream=0),), PASS),
        ((gone("c0"),), PASS),
        ((answered(200, stream=0),), FAIL),
        ((), FAIL),
    ],
)
@pytest.mark.parametrize(
    ("name", "table", "clause"),
    [
        ("hostile/h1-malformed", bad.MALFORMED, "hostile-3"),
        ("hostile/h1-controls", bad.CONTROLS, "hostile-7"),
    ],
)
def test_malformed_heads_are_refused(
    name: str,
    table: tuple[bad.Head, ...],
    clause: str,
    first: tuple[Kind, ...],
    status: Status,
) -> None:
    assert heads(name, table, *first)[clause] is status


def test_a_refused_head_leaves_nothing() -> None:
    came = (answered(400, stream=0), gone("c0"), *kept(FIRST))
    assert heads("hostile/h1-malformed", bad.MALFORMED, *came)["hostile-17"] is FAIL


def test_a_neighbour_that_falls_breaks_the_clause() -> None:
    kinds = [refused(head.what, f"c{n}") for n, head in enumerate(bad.MALFORMED)]
    found = verdicts(
        "hostile/h1-malformed",
        *opened_v2("neighbour", connection="n"),
        *(kind for all_ in kinds for kind in all_),
        gone("n"),
        *opened_v2("after", connection="a"),
        *ended_v2(connection="a"),
    )
    assert found["hostile-3"] is FAIL


@pytest.mark.parametrize(
    ("came", "status"),
    [
        ((answered(400, stream=0), gone("c0")), PASS),
        ((answered(404, stream=0),), FAIL),
        ((answered(100, stream=0),), FAIL),
        ((gone("c0"),), FAIL),
        ((), FAIL),
    ],
)
def test_a_wrong_host_is_answered_400(came: tuple[Kind, ...], status: Status) -> None:
    kinds = [refused(what, f"c{number}") for number, (what, _) in enumerate(bad.HOSTS)]
    kinds[0] = (asked(bad.HOSTS[0][0], http="1.1", connection="c0", stream=0), *came)
    found = verdicts("hostile/h1-host", *beside(*(kind for all_ in kinds for kind in all_)))
    assert found["hostile-5"] is status


def test_a_head_without_end_is_ended() -> None:
    names = ("a head without end", "a request line without end")
    ended = [refused(name, f"c{n}", 431) for n, name in enumerate(names)]
    stood = [ended[0], (asked_h1(names[1], "c1"),)]
    for kinds, status in ((ended, PASS), (stood, WARN)):
        found = verdicts(
            "hostile/h1-endless-head", *beside(*(kind for all_ in kinds for kind in all_))
        )
        assert found["hostile-8"] is status


# --- chunks ---------------------------------------------------------------------------------------


def wrong(chunk: bad.Chunk, number: int, came: tuple[Kind, ...] | None = None) -> tuple[Kind, ...]:
    """Return an upload with a wrong chunk, and what came; not said: the end of its connection."""
    where = {"connection": f"c{number}", "stream": 0}
    return (
        asked(chunk.what, http="1.1", **where),  # type: ignore[arg-type]
        answered(100, **where),  # type: ignore[arg-type]
        sent(b"line\n", **where),  # type: ignore[arg-type]
        *((gone(f"c{number}"),) if came is None else came),
    )


def chunked(which: bad.Chunk, *came: Kind) -> dict[str, Status]:
    kinds = [
        kind
        for n, chunk in enumerate(bad.CHUNKS)
        for kind in wrong(chunk, n, came if chunk is which else None)
    ]
    return verdicts("hostile/h1-chunks", *beside(*kinds))


HEX, LARGE = bad.CHUNKS[0], next(chunk for chunk in bad.CHUNKS if chunk.countable)


@pytest.mark.parametrize(
    ("which", "status", "verdict"),
    [(HEX, 400, PASS), (HEX, 200, FAIL), (HEX, 0, FAIL), (LARGE, 400, PASS), (LARGE, 200, FAIL)],
)
def test_wrong_sizes_are_an_error(which: bad.Chunk, status: int, verdict: Status) -> None:
    connection = f"c{bad.CHUNKS.index(which)}"
    came = (answered(status, connection=connection, stream=0),) if status else ()
    assert chunked(which, *came)["hostile-6"] is verdict


@pytest.mark.parametrize("came", [answered(503, connection="c0", stream=0), gone("c0")])
def test_an_upload_that_is_refused_before_its_chunk_shows_nothing_good(came: Kind) -> None:
    refused = (asked(HEX.what, http="1.1", connection="c0", stream=0), came)
    others = [kind for n, chunk in enumerate(bad.CHUNKS[1:], 1) for kind in wrong(chunk, n)]
    assert verdicts("hostile/h1-chunks", *beside(*refused, *others))["hostile-6"] is FAIL


def test_who_can_count_so_far_may_wait() -> None:
    assert chunked(LARGE)["hostile-6"] is PASS


# --- what is refused ------------------------------------------------------------------------------


def refusals(*first: Kind) -> dict[str, Status]:
    kinds: list[Kind] = []
    for number, (what, _, _) in enumerate(case.REFUSALS):
        question = asked_h1(what, f"c{number}")
        looked = Looked(marker=question.marker, found=0)
        kinds += [question, *(first if not number else (gone(f"c{number}"), looked))]
    return verdicts("hostile/h1-refused", *beside(*kinds))


def test_what_is_refused_leaves_nothing() -> None:
    nothing = Looked(marker=FIRST.marker, found=0)
    assert refusals(answered(404, stream=0), nothing)["hostile-17"] is PASS
    assert refusals(answered(404, stream=0), *kept(FIRST))["hostile-17"] is FAIL
    # Who takes recordings everywhere has nothing to refuse.
    assert refusals(answered(200, stream=0), *kept(FIRST))["hostile-17"] is SKIP
    # Nobody looked: nothing is known.
    assert refusals(answered(404, stream=0))["hostile-17"] is ERROR
    assert refusals(nothing)["hostile-3"] is FAIL


# --- crowds and giants ----------------------------------------------------------------------------


def test_a_crowd_keeps_nobody_out() -> None:
    crowd = tuple(Connected(connection=f"x{n}", address="a") for n in range(3))
    served = verdicts("hostile/h1-idle", *beside(*crowd, *upload_v1(connection="m")))
    assert served["hostile-12"] is PASS
    # Turning the crowd away is right, as long as others are served.
    away = tuple(ConnectFailed(connection=f"x{n}", why="refused") for n in range(3))
    assert (
        verdicts("hostile/h1-idle", *beside(*away, *upload_v1(connection="m")))["hostile-12"]
        is PASS
    )
    assert verdicts("hostile/h1-idle", *beside(*crowd, *away))["hostile-12"] is WARN
    main = asked("main", connection="m", intent="whole", marker="rs-m")
    waited = Waited(what="the 200", seconds=5.0, connection="m", stream=1)
    assert verdicts("hostile/h1-idle", *beside(*crowd, main, waited))["hostile-12"] is WARN
    alone = upload_v1(connection="m")
    assert verdicts("hostile/h1-idle", *beside(*alone))["hostile-12"] is ERROR


@pytest.mark.parametrize("when", [UNDER, AFTER])
def test_memory_is_bounded(when: str) -> None:
    for grown, status in ((60, PASS), (70, WARN)):
        kinds = (
            Measured(what=BEFORE, value=50 * MIB, unit="bytes"),
            *(
                kind
                for n in range(case.LINES)
                for kind in upload_v1("long line", connection=f"c{n}")
            ),
            Measured(what=when, value=(50 + grown) * MIB, unit="bytes"),
        )
        assert verdicts("hostile/long-lines", *beside(*kinds))["hostile-13"] is status


def test_memory_under_fewer_lines_shows_nothing() -> None:
    before = Measured(what=BEFORE, value=50 * MIB, unit="bytes")
    lines = [
        kind for n in range(case.LINES - 1) for kind in upload_v1("long line", connection=f"c{n}")
    ]
    assert verdicts("hostile/long-lines", *beside(before, *lines))["hostile-13"] is ERROR


def test_without_its_processes_memory_is_not_seen() -> None:
    lines = tuple(kind for n in range(9) for kind in upload_v1("long line", connection=f"c{n}"))
    assert verdicts("hostile/long-lines", *beside(*lines))["hostile-13"] is SKIP


def test_deep_headers_are_taken_or_refused() -> None:
    question = asked_h1("a header of lists", "c0")
    ended = (question, answered(100, stream=0), body_end(stream=0), answer_end(stream=0))
    assert verdicts("hostile/deep-headers", *beside(*ended))["hostile-13"] is PASS
    assert verdicts("hostile/deep-headers", *beside(question, gone("c0")))["hostile-13"] is PASS
    assert verdicts("hostile/deep-headers", *beside(question))["hostile-13"] is WARN
