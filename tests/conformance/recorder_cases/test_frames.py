"""The judges of frames: windows, settings, and many uploads at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases import PREFIX, cases, judge_case
from conformance.exchanges import Seen
from conformance.history import Disconnected, Kind, Unreadable
from conformance.judgement import Status
from conformance.probed import FrameSeen, Headers, Remarked, StreamReset, Waited
from conformance.recorder_cases.frames import (
    HEADER_LIST,
    HEADER_LIST_SENT,
    MAY_SEND,
    MUST_STOP,
    ONE_OF_MANY,
    PING_SENT,
    SETTINGS_SENT,
    STANDING,
    STREAMS_SETTING,
    USED,
    WENT_ON,
    WINDOW,
    overrun,
)
from tests.conformance.recorder_cases.told import (
    answered,
    asked,
    ended_v2,
    got,
    opened_v2,
    told,
    verdicts,
)

PASS, FAIL, WARN, SKIP = Status.PASS, Status.FAIL, Status.WARN, Status.SKIP
CASE = cases()[PREFIX + "frames/answers"]
ACK = FrameSeen(connection="c0", stream=0, frame="SETTINGS", flags=("ACK",))
RESET = StreamReset(connection="c0", stream=1, code=7)


def remark(what: str, value: object = "") -> Remarked:
    return Remarked(what=what, value=str(value))


def kept(*kinds: Kind, name: str = "frames/window-in-bits") -> Status:
    return verdicts(name, *kinds)["v2-11"]


def whole(answer: bytes = b'{"ack":5}\n') -> tuple[Kind, ...]:
    """The end of an upload whose answer comes in one piece."""
    _, _, end = ended_v2()
    return (ended_v2()[0], got(answer), end)


def test_an_answer_within_the_window_is_kept_to() -> None:
    closed = remark(MAY_SEND, 0)
    opened = opened_v2(intent="slow")
    size = len(b'{"ack":5}\n')
    assert kept(closed, *opened, remark(MAY_SEND, size), *whole()) is PASS
    assert kept(closed, *opened, remark(MAY_SEND, size - 1), *whole()) is FAIL
    assert kept(closed, *opened, *whole()) is FAIL


def test_a_window_counts_as_shut_once_settings_are_acknowledged() -> None:
    opened, ack = opened_v2(intent="slow"), got(b'{"ack":5}\n')
    shut, again = remark(MUST_STOP), remark(MAY_SEND, 65_535)
    assert kept(*opened, shut, ack, ACK, again, *whole()) is PASS
    assert kept(*opened, shut, ACK, ack, again, *whole()) is FAIL
    assert kept(*opened, shut, ACK, again, ack, *whole()) is PASS


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_an_overrun_is_what_the_sums_say(steps: list[tuple[int, int]]) -> None:
    """Each step opens the window by some bytes, and then as many or others come."""
    kinds: list[Kind] = [remark(MAY_SEND, 0), *opened_v2()]
    opened = came = 0
    over = False
    for more, size in steps:
        opened, came = opened + more, came + size
        kinds += [remark(MAY_SEND, opened), got(b"x" * size)]
        over = over or came > opened
    seen = Seen(told("frames/window-in-bits", *kinds))
    assert bool(overrun(seen, seen.exchanges[0])) is over


def test_frames_pushes_and_header_lists_are_looked_at() -> None:
    well = (*opened_v2(), *ended_v2())
    small = "frames/small-settings"
    assert kept(*well, name=small) is PASS
    strange = Unreadable(recorder="target", connection="c0", side="recorder", why="too large")
    assert kept(*well, strange, name=small) is FAIL
    pushed = FrameSeen(connection="c0", stream=1, frame="PUSHPROMISE")
    assert kept(*well, pushed, name=small) is FAIL
    fields = (("x", "y" * HEADER_LIST),)
    large = Headers(connection="c0", stream=1, fields=fields)
    assert kept(*well, large, name=small) is PASS, "nobody said that it was too large"
    assert kept(remark(HEADER_LIST_SENT), *well, large, name=small) is FAIL


def test_an_upload_that_fails_keeps_nothing() -> None:
    assert kept(*opened_v2(intent="slow"), RESET) is FAIL
    assert kept(asked(marker="rs-0", intent="slow")) is FAIL


def window(*kinds: Kind) -> Status:
    return verdicts("frames/window-returned", *opened_v2(intent="free"), *kinds)["v2-12"]


def test_window_is_given_back_when_more_was_taken_than_it_held() -> None:
    assert window(remark(WINDOW, 4), remark(USED, 5), *ended_v2()) is PASS
    assert window(remark(WINDOW, 5), remark(USED, 5), *ended_v2()) is SKIP
    waited = Waited(what="window", seconds=25.0, connection="c0", stream=1)
    assert window(remark(WINDOW, 5), waited) is FAIL


def test_an_upload_that_is_refused_says_nothing_of_windows() -> None:
    ask = asked(marker="rs-0", intent="free")
    found = verdicts("frames/window-returned", ask, answered(503))
    assert "v2-12" not in found
    assert FAIL in found.values()


def answers(*kinds: Kind) -> Status:
    return verdicts("frames/answers", *opened_v2(), *kinds, *ended_v2())["v2-13"]


def test_settings_are_counted_and_pings_compared() -> None:
    first, ping = remark(SETTINGS_SENT), remark(PING_SENT, b"12345678".hex())

    def pong(data: bytes, *flags: str) -> FrameSeen:
        return FrameSeen(connection="c0", stream=0, frame="PING", flags=flags, data=data)

    assert answers(first, ACK) is PASS
    assert answers(first, ACK, first) is FAIL
    assert answers(ACK) is FAIL, "nothing was sent, so nothing was shown"
    assert answers(first, ACK, ping, pong(b"12345678", "ACK")) is PASS
    assert answers(first, ACK, ping, pong(b"12345678")) is FAIL
    assert answers(first, ACK, ping, pong(b"87654321", "ACK")) is FAIL


def test_of_an_upload_that_fails_one_word_is_enough() -> None:
    gone = Disconnected(recorder="target", connection="c0", by="recorder", how="fin")
    for kinds in ((*opened_v2(), gone), (asked(intent="whole", marker="rs-1"), answered(503))):
        judgement = judge_case(CASE, told("frames/answers", *kinds))
        assert [f.clause for f in judgement.findings] == ["v2-13"]


def streams(setting: object, *kinds: Kind) -> dict[str, Status]:
    return verdicts("frames/hundred-streams", remark(STREAMS_SETTING, setting), *kinds)


def test_a_hundred_streams_are_allowed_and_taken() -> None:
    one = (*opened_v2(ONE_OF_MANY, intent="free"), *ended_v2())
    assert streams("any", *one)["v2-14"] is PASS
    assert streams(100, *one)["v2-14"] is PASS
    assert streams(99, *one)["v2-14"] is WARN
    assert streams(0)["v2-14"] is WARN
    refused = asked(ONE_OF_MANY, stream=3, intent="free", marker="rs-1")
    reset = StreamReset(connection="c0", stream=3, code=7)
    found = streams(100, *one, refused, reset)
    assert found["v2-14"] is WARN
    assert FAIL not in found.values(), "one word about it is enough"
    assert verdicts("frames/hundred-streams")["v2-14"] is WARN


def still(*kinds: Kind) -> dict[str, Status]:
    standing = opened_v2(STANDING, connection="c1", intent="slow")
    rest = (remark(WENT_ON), *ended_v2(connection="c1"))
    return verdicts("frames/standing-still", *standing, *kinds, *rest)


def test_others_go_on_beside_one_that_stands_still() -> None:
    one = opened_v2(ONE_OF_MANY, intent="free")
    assert still(*one, *ended_v2())["streaming-14"] is PASS
    assert still(*one)["streaming-14"] is FAIL
    assert still(*one, remark(WENT_ON), *ended_v2())["streaming-14"] is FAIL
    assert still(asked(ONE_OF_MANY, intent="free", marker="rs-1"))["streaming-14"] is FAIL


@pytest.mark.parametrize(
    "refusal",
    [
        answered(503, stream=3),
        StreamReset(connection="c0", stream=3, code=7),
        Disconnected(recorder="target", connection="c0", by="recorder", how="fin"),
    ],
)
def test_who_is_refused_is_not_held_up_unless_all_are(refusal: Kind) -> None:
    one = (*opened_v2(ONE_OF_MANY, intent="free"), *ended_v2())
    refused = (asked(ONE_OF_MANY, stream=3, intent="free", marker="rs-1"), refusal)
    assert still(*one, *refused)["streaming-14"] is PASS
    assert still(*refused)["streaming-14"] is FAIL


def test_nothing_is_shown_where_nothing_stood_still() -> None:
    refused = asked(STANDING, connection="c1", intent="slow", marker="rs-1")
    one = (*opened_v2(ONE_OF_MANY, intent="free"), *ended_v2())
    found = verdicts("frames/standing-still", refused, *one)
    assert "streaming-14" not in found
    assert FAIL in found.values()
    assert still()["streaming-14"] is Status.ERROR, "no other was there to be held up"
