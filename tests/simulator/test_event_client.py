"""The client for events decides by what recorders answer, and asks one at a time, in order."""

from __future__ import annotations

import pytest

from conformance.wire import Timers
from simulator.event_client import Ask, Effects, EventClient, Over, Post, Tried

FIRST, SECOND = "100.64.0.1:80", "100.64.0.2:80"
TIMERS = Timers()


def begun(*recorders: str) -> EventClient:
    client = EventClient(recorders, TIMERS)
    client.start()
    return client


def asks(recorder: str) -> Ask:
    return Ask(recorder, TIMERS.probe)


def test_the_first_recorder_is_asked_within_the_time_of_a_probe() -> None:
    assert EventClient([FIRST, SECOND], TIMERS).start() == [Ask(FIRST, 10_000_000_000)]


def test_without_a_recorder_it_is_over_at_once() -> None:
    assert EventClient([], TIMERS).start() == [Over()]


def test_a_recorder_that_takes_events_is_posted_to_within_the_time_of_a_final_answer() -> None:
    assert begun(FIRST, SECOND).head_answered(200) == [Post(FIRST, 30_000_000_000)]


def test_an_event_that_is_stored_is_offered_to_no_other() -> None:
    client = begun(FIRST, SECOND)
    client.head_answered(200)
    assert client.post_answered(200) == [Tried(FIRST, "stored"), Over(FIRST)]


def test_404_alone_says_that_a_recorder_takes_no_events() -> None:
    assert begun(FIRST, SECOND).head_answered(404) == [
        Tried(FIRST, "unsupported", "it takes no events: 404"),
        asks(SECOND),
    ]


@pytest.mark.parametrize("status", [199, 201, 204, 301, 403, 405, 410, 500, 503])
def test_any_other_answer_to_the_question_is_a_failure_and_no_event_is_posted(status: int) -> None:
    assert begun(FIRST, SECOND).head_answered(status) == [
        Tried(FIRST, "failed", f"HEAD /v2/event was answered {status}"),
        asks(SECOND),
    ]


@pytest.mark.parametrize("status", [201, 202, 204, 302, 404, 500])
def test_only_200_says_that_an_event_is_stored(status: int) -> None:
    client = begun(FIRST, SECOND)
    client.head_answered(200)
    assert client.post_answered(status) == [
        Tried(FIRST, "failed", f"POST /v2/event was answered {status}"),
        asks(SECOND),
    ]


def test_what_went_wrong_is_kept_and_the_next_is_asked_before_it_is_posted_to() -> None:
    client = begun(FIRST, SECOND)
    assert client.failed("refused") == [Tried(FIRST, "failed", "refused"), asks(SECOND)]
    assert client.head_answered(200) == [Post(SECOND, TIMERS.final)]
    assert client.post_answered(200) == [Tried(SECOND, "stored"), Over(SECOND)]


@pytest.mark.parametrize("posted", [False, True])
def test_after_the_last_nobody_has_it_and_nobody_is_asked_twice(posted: bool) -> None:
    client = begun(FIRST)
    if posted:
        client.head_answered(200)
    assert client.failed("reset") == [Tried(FIRST, "failed", "reset"), Over()]


def test_one_address_that_is_given_twice_is_tried_twice() -> None:
    client = begun(FIRST, FIRST)
    assert client.head_answered(500)[-1] == asks(FIRST)
    assert client.head_answered(500)[-1] == Over()


def test_its_timers_are_those_it_was_given() -> None:
    client = EventClient([FIRST], TIMERS.divided(10))
    effects: Effects = [*client.start(), *client.head_answered(200)]
    assert effects == [Ask(FIRST, 1_000_000_000), Post(FIRST, 3_000_000_000)]
