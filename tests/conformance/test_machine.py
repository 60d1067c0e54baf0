from __future__ import annotations

from conformance.machine import (
    ENDS,
    TRANSITIONS,
    State,
    arrows,
    covered,
    legal_after,
    replay,
    whole_paths,
)

S = State
PLAIN = (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE)


def test_the_table_has_the_22_arrows() -> None:
    assert len(TRANSITIONS) == 22
    assert {state for arrow in TRANSITIONS for state in arrow} == set(State)


def test_the_table_has_one_start_and_three_ends() -> None:
    assert legal_after(S.START) == (S.CONNECTING,)
    assert {S.SESSION_COMPLETE, S.SESSION_REJECTED, S.SESSION_TERMINATED} == ENDS
    assert legal_after(S.END) == ()


def test_there_are_nine_whole_paths_and_together_they_take_every_arrow() -> None:
    paths = whole_paths()
    # Not recorded; failed to start, twice; two ways to be connected with three ends each.
    assert len(paths) == len(set(paths)) == 1 + 2 + 2 * 3
    assert {arrow for path in paths for arrow in arrows(path)} == set(TRANSITIONS)
    assert all(replay(path) is None for path in paths)


def test_arrows_run_from_mark_to_mark() -> None:
    assert arrows(()) == ((S.START, S.END),)
    assert arrows((), ended=False) == ()
    assert arrows(PLAIN)[0] == (S.START, S.CONNECTING)
    assert arrows(PLAIN)[-1] == (S.SESSION_COMPLETE, S.END)
    assert arrows(PLAIN, ended=False) == arrows(PLAIN)[:-1]


def test_every_wrong_step_is_found_where_it_is() -> None:
    for path in whole_paths():
        for index in range(len(path)):
            before = path[index - 1] if index else S.START
            for wrong in State:
                if (before, wrong) in TRANSITIONS or wrong in (S.START, S.END):
                    continue
                illegal = replay((*path[:index], wrong, *path[index + 1 :]))
                assert illegal is not None
                assert (illegal.index, illegal.before, illegal.after) == (index, before, wrong)
                assert illegal.legal == legal_after(before)


def test_an_end_where_nothing_ends_is_illegal() -> None:
    assert replay(PLAIN[:2], ended=False) is None
    illegal = replay(PLAIN[:2])
    assert illegal is not None
    assert illegal.index == 2
    assert str(illegal) == (
        "CheckPolicy was followed by [*] end; legal: NoRecording or FindRecorder"
    )


def test_nothing_follows_the_end() -> None:
    illegal = replay((*PLAIN, S.CONNECTING))
    assert illegal is not None
    assert str(illegal) == "SessionComplete was followed by Connecting; legal: [*] end"
    after_end = replay((*PLAIN, S.END, S.CONNECTING))
    assert after_end is not None
    assert str(after_end) == "[*] end was followed by Connecting; legal: nothing"


def test_covered_splits_the_table() -> None:
    taken, missing = covered([*arrows(PLAIN), (S.STREAMING, S.CONNECTING)])
    assert set(taken) == set(arrows(PLAIN))
    assert set(taken) | set(missing) == set(TRANSITIONS)
    assert not set(taken) & set(missing)
