"""The sans-IO client: every path, the decisions D1 to D16, and the table held against it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.machine import TRANSITIONS, State, replay
from conformance.wire import SECOND, NoticeType, Timers
from simulator import client_steps as core
from simulator.client import Client, Phase
from simulator.client_steps import Timer

A, B, C = "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"
TIMERS = Timers()


class Play:
    """A client, a clock, and all effects so far."""

    def __init__(self, *, recorders: Sequence[str] = (A,), **policy: Any) -> None:
        self.client = Client(TIMERS)
        self.now = 1000 * SECOND
        self.effects: list[Any] = list(self.client.start())
        self.timers: dict[Timer, int] = {}
        policy.setdefault("required", True)
        self.on(core.PolicyAnswered(recorders=tuple(recorders), **policy))

    @property
    def op(self) -> int:
        return self.client.session.op

    def on(self, event: Any) -> list[Any]:
        effects = self.client.on(event, self.now)
        self.effects += effects
        for effect in effects:
            if isinstance(effect, core.SetTimer):
                self.timers[effect.timer] = effect.at
            elif isinstance(effect, core.StopTimer):
                self.timers.pop(effect.timer, None)
        return effects

    def fire(self, timer: Timer) -> list[Any]:
        """Let the time come for which the timer is set."""
        self.now = max(self.now, self.timers.pop(timer))
        return self.on(core.TimerFired(timer))

    def all(self, kind: type[Any]) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def path(self) -> list[State]:
        return [effect.state for effect in self.all(core.Enter)]

    def fail_dial(self, why: str = "refused") -> list[Any]:
        return self.on(core.DialFailed(self.op, why))

    def probe(self, *, v2: bool = True) -> list[Any]:
        self.on(core.Connected(self.op))
        return self.on(core.Probed(self.op, v2))

    def open_v2(self) -> list[Any]:
        self.probe()
        return self.on(core.Opened(self.op))

    def open_v1(self) -> list[Any]:
        self.probe(v2=False)
        self.on(core.Connected(self.op))
        return self.on(core.Opened(self.op))

    def stream(self) -> None:
        """Be in the middle of a recorded session, everything handed over."""
        self.open_v2()
        self.on(core.Handed(self.op))

    def exit(self, status: int = 0) -> list[Any]:
        return self.on(core.CommandExited(status))


def kinds(effects: Sequence[Any]) -> list[type[Any]]:
    return [type(effect) for effect in effects]


def of(effects: Sequence[Any], kind: type[Any]) -> list[Any]:
    return [effect for effect in effects if isinstance(effect, kind)]


S = State
CHOSEN = [S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY]


# --- policy ---------------------------------------------------------------------------------------


def test_without_recording_the_command_runs_and_nothing_is_dialled() -> None:
    play = Play(required=False, recorders=(A,))
    assert play.all(core.StartCommand) == [core.StartCommand(recorded=False)]
    assert play.all(core.Dial) == []
    assert play.on(core.Output("x")) == [core.Show("x")]
    assert core.Exit(3) in play.exit(3)
    assert play.path == [S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE]


def test_required_and_nobody_to_try_is_rejected_when_enforced() -> None:  # D3
    play = Play(recorders=(), reject_message="no", notify=True)
    assert play.path == [*CHOSEN, S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_REJECTED]
    assert play.all(core.Reject) == [core.Reject("no")]
    assert play.all(core.StartCommand) == []
    assert play.all(core.Notify) == [], "a notice needs an attempt"


def test_required_and_nobody_to_try_runs_unrecorded_when_not_enforced() -> None:  # D3
    play = Play(recorders=())
    assert play.path == [*CHOSEN, S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_ALLOWED]
    assert play.all(core.StartCommand) == [core.StartCommand(recorded=False)]


# --- choosing -------------------------------------------------------------------------------------


def test_v2_is_opened_on_the_probes_connection() -> None:
    play = Play()
    assert play.all(core.Dial) == [core.Dial(1, A)]
    assert core.Probe(1) in play.on(core.Connected(1))
    assert core.Open(1, v2=True) in play.on(core.Probed(1, v2=True))
    effects = play.on(core.Opened(1))
    assert play.path == [*CHOSEN, S.CONNECTED, S.STREAMING]
    assert kinds(effects)[-2:] == [core.SendHeader, core.StartCommand]
    assert core.Tried(A, "") in effects


def test_v1_is_opened_on_a_new_connection() -> None:
    play = Play()
    effects = play.probe(v2=False)
    assert of(effects, core.Cancel) == [core.Cancel(1)]
    assert of(effects, core.Dial) == [core.Dial(2, A)]
    assert core.Open(2, v2=False) in play.on(core.Connected(2))
    assert core.StartCommand(recorded=True) in play.on(core.Opened(2))
    assert Timer.ACK not in play.timers, "v1 has no acks"


def test_a_silent_probe_means_v1() -> None:
    play = Play()
    play.on(core.Connected(1))
    assert play.timers[Timer.STEP] == play.now + TIMERS.probe
    effects = play.fire(Timer.STEP)
    assert of(effects, core.Dial) == [core.Dial(2, A)]


def test_a_failed_dial_ends_the_attempt() -> None:  # D2
    play = Play(recorders=(A, B))
    assert play.timers[Timer.STEP] == play.now + TIMERS.dial
    effects = play.fail_dial()
    assert of(effects, core.Dial) == [core.Dial(2, B)]
    assert play.path == [*CHOSEN, S.TRY_FAILOVER]


def test_a_refused_v2_upload_goes_to_the_next_address_never_to_v1() -> None:
    play = Play(recorders=(A, B))
    play.probe()
    effects = play.on(core.OpenFailed(1, "503"))
    assert of(effects, core.Dial) == [core.Dial(2, B)]
    assert core.Tried(A, "503") in effects


def test_a_recorder_that_stays_silent_is_left_after_its_step() -> None:  # D2
    play = Play(recorders=(A, B))
    play.probe()
    assert play.timers[Timer.STEP] == play.now + TIMERS.open
    assert of(play.fire(Timer.STEP), core.Dial) == [core.Dial(2, B)]


@pytest.mark.parametrize("winner", [1, 2, 3])
def test_the_winner_is_the_last_attempt_and_has_no_failure(winner: int) -> None:
    play = Play(recorders=(A, B, C), notify=True)
    for _ in range(winner - 1):
        play.fail_dial("down")
    play.open_v2()
    play.on(core.UploadLost(play.op, "reset"))
    (notice,) = play.all(core.Notify)
    assert [attempt.recorder for attempt in notice.attempts] == [A, B, C][:winner]
    assert all("down" in attempt.failure_message for attempt in notice.attempts[:-1])
    assert notice.attempts[-1].failure_message == "reset"
    assert core.Tried((A, B, C)[winner - 1], "") in play.effects
    failover = [S.TRY_FAILOVER] if winner > 1 else []
    assert play.path[: len(CHOSEN) + len(failover) + 1] == [*CHOSEN, *failover, S.CONNECTED]


def test_all_attempts_together_have_thirty_seconds() -> None:
    play = Play(recorders=(A,) * 10, reject_message="no")
    started = play.now
    while Timer.STEP in play.timers:
        assert play.timers[Timer.STEP] <= started + TIMERS.choose
        play.fire(Timer.STEP)
    assert play.now == started + TIMERS.choose
    assert play.path[-1] is S.SESSION_REJECTED


def test_the_budget_ends_the_attempt_under_way() -> None:
    play = Play(recorders=(A, B), reject_message="no")
    effects = play.fire(Timer.CHOOSE)
    assert of(effects, core.Dial) == []
    assert of(effects, core.Cancel) == [core.Cancel(1)]
    assert play.all(core.Reject) == [core.Reject("no")]
    assert play.timers == {}


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("answer", ["connected", "v2", "v1", "connected for v1"])
def test_an_answer_that_comes_when_the_time_is_over_begins_nothing(answer: str, late: int) -> None:
    # Found by exploration: the recorder would be dialled again, probed or asked for an upload.
    play = Play(recorders=(A, B), reject_message="no")
    budget_ends = play.timers[Timer.CHOOSE]
    event: Any = core.Connected(1)
    if answer != "connected":
        play.on(core.Connected(1))
        event = core.Probed(1, v2=answer == "v2")
    if answer == "connected for v1":
        play.on(core.Probed(1, v2=False))
        event = core.Connected(2)
    play.now = budget_ends + late
    effects = play.on(event)
    begun = (core.Dial, core.Probe, core.Open)
    assert [effect for effect in effects if isinstance(effect, begun)] == []
    assert of(effects, core.Cancel) == [core.Cancel(play.op)]
    assert play.all(core.Reject) == [core.Reject("no")]
    assert play.timers == {}


# --- the failure action ---------------------------------------------------------------------------


@pytest.mark.parametrize("terminate", ["", "over"])
def test_rejected_whatever_the_terminate_message(terminate: str) -> None:
    play = Play(reject_message="no", terminate_message=terminate, notify=True)
    effects = play.fail_dial("down")
    assert play.path[-1] is S.SESSION_REJECTED
    (notice,) = of(effects, core.Notify)
    assert notice.event_type == NoticeType.REJECTED
    assert [attempt.recorder for attempt in notice.attempts] == [A]
    assert "down" in notice.attempts[0].failure_message
    assert kinds(effects)[-2:] == [core.Reject, core.Finish]
    assert play.all(core.StartCommand) == []


@pytest.mark.parametrize("terminate", ["", "over"])
def test_allowed_whatever_the_terminate_message(terminate: str) -> None:
    play = Play(terminate_message=terminate, notify=True)
    effects = play.fail_dial("down")
    assert play.path[-1] is S.SESSION_ALLOWED
    (notice,) = of(effects, core.Notify)
    assert notice.event_type == NoticeType.FAILED
    assert [attempt.recorder for attempt in notice.attempts] == [A]
    assert "down" in notice.attempts[0].failure_message
    assert core.StartCommand(recorded=False) in effects


LOSSES: list[Any] = [
    core.UploadLost(1, "reset"),
    core.ErrorReceived(1, "disk full"),
    core.AnswerEnded(1),
]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reject", ["", "no"])
def test_terminated_whatever_the_reject_message(loss: Any, reject: str) -> None:
    play = Play(reject_message=reject, terminate_message="over", notify=True)
    play.stream()
    play.on(core.Output("unseen"))
    effects = play.on(loss)
    assert play.path[-2:] == [S.CONNECTION_LOST, S.SESSION_TERMINATED]
    assert kinds(effects)[-2:] == [core.Terminate, core.Finish]
    assert of(effects, core.Show) == [], "what was not handed over is never shown"
    (notice,) = of(effects, core.Notify)
    assert notice.event_type == NoticeType.TERMINATED
    assert notice.attempts[-1].failure_message
    assert play.on(core.Output("after")) == []
    assert play.exit() == []


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reject", ["", "no"])
def test_continued_whatever_the_reject_message(loss: Any, reject: str) -> None:
    play = Play(reject_message=reject, notify=True)
    play.stream()
    play.on(core.Output("waiting"))
    effects = play.on(loss)
    assert play.path[-2:] == [S.CONNECTION_LOST, S.CONTINUE_UNRECORDED]
    assert of(effects, core.Show) == [core.Show("waiting")]
    assert [n.event_type for n in of(effects, core.Notify)] == [NoticeType.FAILED]
    assert play.on(core.Output("after")) == [core.Show("after")]
    assert core.Exit(7) in play.exit(7)
    assert play.path[-1] is S.SESSION_COMPLETE


def test_no_notice_unless_asked_for() -> None:
    play = Play()
    play.fail_dial()
    assert play.all(core.Notify) == []


# --- streaming ------------------------------------------------------------------------------------


def test_output_is_sent_first_and_shown_when_handed_over() -> None:
    play = Play()
    play.stream()
    assert play.on(core.Output("a")) == [core.Send(1, "a")]
    assert not play.client.wants_output
    assert play.on(core.Output("b")) == [core.Send(1, "b")]
    assert play.on(core.Handed(1)) == [core.Show("a"), core.Show("b")]
    assert play.client.wants_output


def test_the_ack_window_moves_with_every_frame() -> None:
    play = Play(terminate_message="over")
    play.stream()
    opened = play.now
    assert play.timers[Timer.ACK] == opened + TIMERS.ack_window
    play.now += 20 * SECOND
    play.on(core.AckReceived(1, 0))
    play.fire(Timer.ACK)
    assert play.timers[Timer.ACK] == opened + 20 * SECOND + TIMERS.ack_window
    assert S.CONNECTION_LOST not in play.path
    play.fire(Timer.ACK)
    assert play.path[-2:] == [S.CONNECTION_LOST, S.SESSION_TERMINATED]


def test_the_ack_window_is_exactly_as_long_as_it_says() -> None:
    play = Play(terminate_message="over")
    play.stream()
    play.now = play.timers[Timer.ACK] - 1
    play.on(core.TimerFired(Timer.ACK))
    assert S.CONNECTION_LOST not in play.path
    play.fire(Timer.ACK)
    assert play.path[-2:] == [S.CONNECTION_LOST, S.SESSION_TERMINATED]


def test_v1_has_no_ack_window_and_simply_stalls() -> None:  # D15
    play = Play(terminate_message="over")
    play.open_v1()
    assert play.timers == {}
    play.on(core.Output("x"))
    assert not play.client.wants_output
    assert play.path[-1] is S.STREAMING


def test_a_header_that_cannot_be_sent_is_a_loss_while_streaming() -> None:  # D14
    play = Play(reject_message="no")
    play.open_v2()
    play.on(core.UploadLost(1, "broken"))
    assert play.path[-3:] == [S.STREAMING, S.CONNECTION_LOST, S.CONTINUE_UNRECORDED]


# --- the end --------------------------------------------------------------------------------------


def test_a_normal_end() -> None:
    play = Play()
    play.stream()
    effects = play.exit(5)
    assert kinds(effects) == [core.StopTimer, core.SetTimer, core.CloseBody, core.Exit]
    assert play.timers == {Timer.FINAL: play.now + TIMERS.final}
    effects = play.on(core.AnswerEnded(1))
    assert play.path[-1] is S.SESSION_COMPLETE
    assert isinstance(effects[-1], core.Finish)
    assert play.timers == {}


def test_the_body_is_closed_only_after_everything_was_handed_over() -> None:
    play = Play()
    play.open_v2()
    play.on(core.Output("last"))
    assert play.exit(5) == []
    effects = play.on(core.Handed(1))
    assert kinds(effects)[0] is core.Show
    assert [e for e in kinds(effects) if e in (core.Show, core.CloseBody, core.Exit)] == [
        core.Show,
        core.CloseBody,
        core.Exit,
    ]


@pytest.mark.parametrize(("terminate", "state", "kind"), [
    ("over", S.SESSION_TERMINATED, NoticeType.TERMINATED),
    ("", S.SESSION_COMPLETE, NoticeType.FAILED),
])  # fmt: skip
@pytest.mark.parametrize("how", ["lost", "silent"])
def test_a_loss_after_the_exit_leaves_the_exit_status(  # D12, D13
    terminate: str, state: State, kind: int, how: str
) -> None:
    play = Play(terminate_message=terminate, notify=True)
    play.stream()
    play.exit(5)
    effects = play.fire(Timer.FINAL) if how == "silent" else play.on(core.UploadLost(1, "reset"))
    assert play.path[-1] is state
    assert S.CONNECTION_LOST in play.path
    assert of(effects, core.Terminate) == []
    assert of(effects, core.Exit) == []
    assert play.all(core.Exit) == [core.Exit(5)]
    assert [n.event_type for n in play.all(core.Notify)] == [kind]


def test_a_loss_with_the_exit_already_known_tells_it_when_not_enforced() -> None:
    play = Play()
    play.open_v2()
    play.on(core.Output("last"))
    play.exit(5)
    effects = play.on(core.UploadLost(1, "reset"))
    assert [e for e in effects if isinstance(e, core.Show | core.Exit)] == [
        core.Show("last"),
        core.Exit(5),
    ]
    assert play.path[-1] is S.SESSION_COMPLETE


@pytest.mark.parametrize("when", ["dial", "probe", "dial v1", "open"])
def test_a_user_who_leaves_while_a_recorder_is_chosen_aborts(when: str) -> None:  # D16
    play = Play(recorders=(A, B), reject_message="no", notify=True)
    if when != "dial":
        play.on(core.Connected(1))
    if when == "dial v1":
        play.on(core.Probed(1, v2=False))
    if when == "open":
        play.on(core.Probed(1, v2=True))
    effects = play.on(core.UserLeft())
    assert kinds(effects)[-3:] == [core.Cancel, core.Abort, core.Finish]
    assert play.timers == {}
    assert play.path == CHOSEN
    assert play.all(core.Notify) == []


def test_a_user_who_leaves_while_recorded_hangs_up_on_the_command_and_ends_normally() -> None:
    play = Play(terminate_message="over")
    play.stream()
    assert play.on(core.UserLeft()) == [core.KillCommand()]
    assert play.on(core.UserLeft()) == []
    play.exit(-1)
    play.on(core.AnswerEnded(1))
    assert play.path[-1] is S.SESSION_COMPLETE


# --- what is stale --------------------------------------------------------------------------------


def test_events_of_an_overtaken_operation_change_nothing() -> None:
    play = Play(recorders=(A, B), terminate_message="over")
    play.fail_dial()
    before = play.client.session.key()
    for event in (
        core.Connected(1), core.DialFailed(1, "x"), core.Probed(1, v2=True), core.Opened(1),
        core.OpenFailed(1, "x"), core.Handed(1), core.AckReceived(1, 1),
        core.ErrorReceived(1, "x"), core.AnswerEnded(1), core.UploadLost(1, "x"),
    ):  # fmt: skip
        assert play.on(event) == [], event
    assert play.client.session.key() == before


def test_nothing_happens_after_the_end() -> None:
    play = Play()
    play.stream()
    play.exit()
    play.on(core.AnswerEnded(1))
    for event in everything(range(3)):
        assert play.on(event) == [], event


# --- the table, held against the client -----------------------------------------------------------


def everything(ops: Sequence[int]) -> list[Any]:
    per_op = [
        make
        for op in ops
        for make in (
            core.Connected(op), core.DialFailed(op, "down"), core.Probed(op, v2=True),
            core.Probed(op, v2=False), core.Opened(op), core.OpenFailed(op, "503"),
            core.Handed(op), core.AckReceived(op, 1), core.ErrorReceived(op, "full"),
            core.AnswerEnded(op), core.UploadLost(op, "reset"),
        )
    ]  # fmt: skip
    timers = [core.TimerFired(timer) for timer in Timer]
    return [*per_op, *timers, core.Output("x"), core.CommandExited(0), core.UserLeft()]


policies = st.builds(
    core.PolicyAnswered,
    required=st.booleans(),
    recorders=st.lists(st.sampled_from([A, B, C]), max_size=3).map(tuple),
    reject_message=st.sampled_from(["", "no"]),
    terminate_message=st.sampled_from(["", "over"]),
    notify=st.booleans(),
)
# Mostly what concerns the operation under way, so that sessions get somewhere.
steps = st.lists(
    st.tuples(
        st.integers(0, 10).map(lambda n: -1 if n == 10 else 0),
        st.integers(0, len(everything([0])) - 1),
        st.integers(0, 31 * SECOND),
    ),
    max_size=25,
)


@settings(max_examples=400)
@given(policies, steps)
def test_only_arrows_of_the_table_are_taken(
    policy: core.PolicyAnswered, moves: list[tuple[int, int, int]]
) -> None:
    play = Play(**{name: getattr(policy, name) for name in policy.__struct_fields__})
    enforced = bool(policy.required and policy.reject_message and policy.terminate_message)
    for back, choice, later in moves:
        play.now += later
        event = everything([play.op + back])[choice]
        effects = play.on(event)
        if enforced and of(effects, core.Show):
            assert event == core.Handed(play.op)
    over = play.client.session.phase is Phase.OVER
    aborted = bool(play.all(core.Abort))
    assert replay(play.path, ended=over and not aborted) is None

    assert len(play.all(core.StartCommand)) <= 1
    assert len(play.all(core.Finish)) == int(over)
    assert len(play.all(core.Exit)) + len(play.all(core.Terminate)) <= 1
    assert len(play.all(core.Notify)) <= 2
    if enforced:
        assert core.StartCommand(recorded=False) not in play.effects
    if over:
        assert isinstance(play.effects[-1], core.Finish), "nothing happens after the end"
        assert not play.client.session.waiting


def test_every_arrow_of_the_table_can_be_taken() -> None:
    taken: set[tuple[State, State]] = set()
    for reject, terminate in itertools.product(["", "no"], ["", "over"]):
        for scene in ("none", "first", "second", "failed", "lost"):
            play = Play(
                required=scene != "none",
                recorders=(A, B),
                reject_message=reject,
                terminate_message=terminate,
            )
            if scene in ("second", "failed"):
                play.fail_dial()
            if scene == "failed":
                play.fail_dial()
            elif scene != "none":
                play.stream()
            if scene == "lost":
                play.on(core.UploadLost(play.op, "reset"))
            play.exit()
            play.on(core.AnswerEnded(play.op))
            assert play.client.session.phase is Phase.OVER
            taken.update(itertools.pairwise([S.START, *play.path, S.END]))
    assert taken == set(TRANSITIONS)


def test_the_same_events_always_give_the_same_effects() -> None:
    def once() -> tuple[list[Any], tuple[Any, ...]]:
        play = Play(recorders=(A, B), notify=True)
        play.fail_dial()
        play.stream()
        play.on(core.Output("x"))
        play.on(core.UploadLost(play.op, "reset"))
        return play.effects, play.client.session.key()

    assert once() == once()
    hash(once()[1])
