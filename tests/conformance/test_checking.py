"""How checkers speak, and that what is missing is never a pass."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from conformance import checking
from conformance.checking import EVIDENCE_LIMIT, RIG, Findings, judge, quote
from conformance.history import (
    End,
    Event,
    Gap,
    History,
    Late,
    Left,
    Played,
    Problem,
    UserConnectionFailed,
    from_lines,
    to_lines,
)
from conformance.judgement import Status
from conformance.machine import State, arrows
from conformance.sessions import View
from conformance.wire import SECOND
from tests.conformance.histories import (
    STORIES,
    Edit,
    add,
    change,
    drop,
    not_recorded,
    recorded,
    silent,
    status_of,
    terminated,
)

S = State
MUST, SHOULD = "machine-1", "acks-2"


@pytest.mark.parametrize("name", list(STORIES))
def test_a_sound_story_passes_without_a_finding(name: str) -> None:
    judgement = STORIES[name]().judged()
    assert judgement.findings == ()
    assert judgement.status is Status.PASS
    assert {"machine-1", "machine-2", "machine-3"} <= set(judgement.clauses)


@pytest.mark.parametrize("name", list(STORIES))
def test_judging_is_deterministic(name: str) -> None:
    telling = STORIES[name]()
    once = msgspec.json.encode(telling.judged())
    assert msgspec.json.encode(STORIES[name]().judged()) == once
    read_again = from_lines(to_lines(telling.history))
    assert msgspec.json.encode(judge(telling.scenario, read_again)) == once
    # Observers order their own events; the order in which their parts are put together is chance.
    apart = tuple(sorted(telling.history, key=lambda event: (event.observer, -event.seq)))
    assert msgspec.json.encode(judge(telling.scenario, apart)) == once


def test_transitions_are_the_arrows_taken() -> None:
    path = (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE)
    assert not_recorded().judged().transitions == arrows(path)
    assert not_recorded().from_outside().judged().transitions == arrows(path)
    unfinished = not_recorded().but(drop(Left)).judged().transitions
    assert unfinished == arrows(path, ended=False)


def test_a_must_fails_and_a_should_warns() -> None:
    out = Findings()
    out.broken(MUST, "must")
    out.broken(SHOULD, "should", b"quoted", session="s1")
    assert [finding.status for finding in out.findings] == [Status.FAIL, Status.WARN]
    assert out.findings[1].evidence == ("b'quoted'",)
    assert out.findings[1].session == "s1"
    assert out.checked == {MUST, SHOULD}


def test_what_is_unknown_unseen_or_void_was_not_checked() -> None:
    out = Findings()
    out.unknown(MUST, "unknown")
    out.unseen(MUST, "unseen")
    out.void(MUST, "void")
    assert [finding.status for finding in out.findings] == [
        Status.ERROR,
        Status.SKIP,
        Status.ERROR,
    ]
    assert [finding.void for finding in out.findings] == [False, False, True]
    assert out.checked == set()


def test_expect_says_held_or_broken() -> None:
    out = Findings()
    out.expect(MUST, True, "not said")
    assert out.findings == []
    out.expect(MUST, False, "said")
    assert [finding.message for finding in out.findings] == ["said"]


def test_evidence_is_shortened() -> None:
    assert quote("as it is") == "as it is"
    assert quote("x" * EVIDENCE_LIMIT) == "x" * EVIDENCE_LIMIT
    long = quote("x" * (EVIDENCE_LIMIT + 1))
    assert len(long) == EVIDENCE_LIMIT
    assert long.endswith("...")
    assert quote(1) == "1"


def _only(monkeypatch: pytest.MonkeyPatch, checker: Callable[[View, Findings], None]) -> None:
    monkeypatch.setattr(checking, "checkers", lambda: iter([(checker, (MUST, SHOULD))]))


def test_a_checker_that_raises_makes_its_clauses_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(view: View, out: Findings) -> None:
        out.held(MUST)
        raise ZeroDivisionError("oh")

    _only(monkeypatch, raises)
    judgement = recorded().judged()
    assert judgement.status is Status.ERROR
    assert {(f.clause, f.status) for f in judgement.findings} == {
        (MUST, Status.ERROR),
        (SHOULD, Status.ERROR),
    }
    assert "ZeroDivisionError: oh" in judgement.findings[0].message


def test_nothing_checked_is_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, lambda view, out: None)
    judgement = recorded().judged()
    assert judgement.status is Status.ERROR
    assert [(f.clause, f.message) for f in judgement.findings] == [
        (RIG, "nothing could be checked")
    ]


def test_only_skips_is_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, lambda view, out: out.unseen(MUST, "not from here"))
    assert recorded().judged().status is Status.ERROR


def test_skips_beside_something_held_are_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def some(view: View, out: Findings) -> None:
        out.unseen(SHOULD, "not from here")
        out.held(MUST)

    _only(monkeypatch, some)
    assert recorded().judged().status is Status.PASS


def test_an_error_outranks_a_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(view: View, out: Findings) -> None:
        out.broken(MUST, "broken")
        out.unknown(SHOULD, "unknown")

    _only(monkeypatch, both)
    assert recorded().judged().status is Status.ERROR


def hole(observer: str) -> Edit:
    """Lose one event of an observer, without renumbering."""

    def edit(history: History) -> History:
        lost = next(e for e in history if e.observer == observer and not isinstance(e.what, End))
        return tuple(event for event in history if event is not lost)

    return edit


def missing(observer: str) -> Edit:
    def edit(history: History) -> History:
        return tuple(event for event in history if event.observer != observer)

    return edit


def endless(observer: str) -> Edit:
    def edit(history: History) -> History:
        return tuple(e for e in history if e.observer != observer or not isinstance(e.what, End))

    return edit


ALWAYS = ("user", "network", "storage", "world")
PARTS = ("server", "control", "recorder/rec1")


@pytest.mark.parametrize("observer", [*ALWAYS, *PARTS])
@pytest.mark.parametrize("damage", [hole, missing, endless])
def test_damage_to_an_observer_is_error(observer: str, damage: Callable[[str], Edit]) -> None:
    judgement = recorded().but(damage(observer)).judged()
    assert judgement.status is Status.ERROR
    assert status_of(RIG, judgement) is Status.ERROR


def test_an_observer_without_any_event_is_error() -> None:
    assert recorded().but(missing("faults")).judged().status is Status.ERROR


def test_a_declared_gap_is_an_end() -> None:
    edit = add("recorder/rec1", Gap(reason="killed"))
    judgement = terminated().but(endless("recorder/rec1")).judged()
    assert status_of(RIG, judgement) is Status.ERROR
    gap = terminated().but(edit, endless("recorder/rec1")).judged()
    assert gap.status is Status.PASS


def test_a_history_that_does_not_say_what_was_played_is_error() -> None:
    judgement = recorded().but(drop(Played)).judged()
    assert judgement.status is Status.ERROR
    assert "does not say what was played" in judgement.findings[0].message


def test_trouble_in_the_rig_is_error() -> None:
    judgement = recorded().but(add("world", Problem(what="no Toxiproxy"))).judged()
    assert judgement.status is Status.ERROR
    assert any(finding.message == "world: no Toxiproxy" for finding in judgement.findings)


def test_an_observer_that_the_target_lacks_is_not_missed() -> None:
    assert recorded().but(silent("server")).judged().status is Status.PASS


@pytest.mark.parametrize("world", ["live", "sim"])
@pytest.mark.parametrize("name", ["server", "control", "recorder/rec1"])
def test_a_part_that_is_not_heard_from_is_missed_in_either_world(world: str, name: str) -> None:
    whole = recorded().but(change(Played, {"world": world}))
    assert whole.judged().status is Status.PASS
    assert whole.but(missing(name)).judged().status is Status.ERROR


@pytest.mark.parametrize(
    ("observer", "back", "status"),
    [
        ("network", 0.1, Status.ERROR),
        ("server", 0.1, Status.ERROR),
        ("user", 0.1, Status.PASS),  # two threads note what it sees
        ("user", 2.5, Status.ERROR),
    ],
)
def test_nobody_goes_back_in_time(observer: str, back: float, status: Status) -> None:
    def edit(history: History) -> History:
        last = max(i for i, e in enumerate(history) if e.observer == observer)
        by = [10 * SECOND if not isinstance(e.what, Played) else 0 for e in history]
        by[last] -= int(back * SECOND)
        moved = zip(history, by, strict=True)
        return tuple(msgspec.structs.replace(e, at=e.at + more) for e, more in moved)

    judgement = recorded().but(edit).judged()
    assert judgement.status is status
    if status is Status.ERROR:
        assert any("goes back" in f.message for f in judgement.findings if f.clause == RIG)


@pytest.mark.parametrize("seconds", [-1.0, 60.0])
def test_nobody_sees_anything_outside_the_run(seconds: float) -> None:
    """An observer whose clock is another one has measured nothing."""

    def edit(history: History) -> History:
        base = 10 * SECOND
        return tuple(
            msgspec.structs.replace(
                e, at=e.at + base + (int(seconds * SECOND) if e.observer == "network" else 0)
            )
            for e in history
        )

    judgement = recorded().but(edit).judged()
    assert judgement.status is Status.ERROR
    found = [f.message for f in judgement.findings if f.clause == RIG]
    assert any("before the run began, or after it" in message for message in found)


def test_an_empty_history_is_error() -> None:
    telling = recorded()
    judgement = judge(telling.scenario, ())
    assert judgement.status is Status.ERROR
    assert judgement.duration_s == 0.0
    assert judge(None, ()).status is Status.ERROR


@pytest.mark.parametrize("name", list(STORIES))
def test_without_a_scenario_the_rest_is_judged(name: str) -> None:
    telling = STORIES[name]()
    judgement = judge(None, telling.history)
    assert judgement.status is Status.PASS
    assert {f.status for f in judgement.findings} == {Status.SKIP}
    assert {"machine-1", "machine-3"} <= set(judgement.clauses)
    assert "machine-2" not in judgement.clauses
    assert judgement.scenario == "t/one"
    assert all(f.message for f in judgement.findings)


@pytest.mark.parametrize(
    ("tried", "ours", "blamed"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_user_who_cannot_reach_our_own_server_is_our_failure(
    *, tried: bool, ours: bool, blamed: bool
) -> None:
    failed = UserConnectionFailed(connection="c2", reason="broken pipe", tried=tried)
    telling = recorded().but(add("user", failed))
    telling = telling if ours else telling.from_outside()
    said = [f.message for f in telling.judged().findings if f.clause == RIG]
    assert any("our SSH server: broken pipe" in message for message in said) is blamed


def test_a_standstill_that_was_seen_before_the_run_began_is_no_time_out_of_place() -> None:
    def edit(history: History) -> History:
        first = next(i for i, e in enumerate(history) if e.observer == "user")
        late = msgspec.structs.replace(
            history[first], at=-1, what=Late(by=SECOND // 20, loop="wire")
        )
        return (*history[:first], late, *(_later(e) for e in history[first:]))

    assert recorded().but(edit).judged().status is Status.PASS


def _later(event: Event) -> Event:
    return msgspec.structs.replace(event, seq=event.seq + (event.observer == "user"))
