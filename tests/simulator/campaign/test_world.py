"""Campaigns against what is reckoned by hand: conservation, timers, and closed forms.

Every chance is drawn from fixed seeds, so a test either passes or does not; the seeds stand in no
relation to the expected values, which are reckoned here.
"""

from __future__ import annotations

import math
import subprocess
import sys

import msgspec
import pytest

from simulator.campaign.figures import figures
from simulator.campaign.plan import DAY, HOUR, MINUTE, Plan, vary
from simulator.campaign.recorder import US
from simulator.campaign.tally import Tally
from simulator.campaign.world import play
from tests.simulator.campaign.hand import COUNTED, outcomes, plan, played, together

QUICK = "[sessions]\ncount = 400\noutputs = 2\n"
"""Few and cheap sessions."""
EVERYTHING = """
[sessions]
count = 1500
outputs = 5
output_bytes = 400000
patience = "12 s"
[recorders]
order = "random"
v1 = 1
capacity = 40
[crash]
every = "10 h"
lasts = "20 min"
[machine]
every = "10 h"
[silent]
every = "5 h"
lasts = "2 min"
[frozen]
every = "5 h"
[slow]
every = "5 h"
lasts = "10 min"
delay = "6 s"
[disk]
every = "10 h"
[zones]
count = 2
every = "10 h"
[deploys]
every = "6 h"
[store]
kind = "s3"
every = "10 h"
[enforcement]
none = 1
reject = 1
terminate = 1
[network]
buffer = 300000
"""


def figure(given: Plan, tallies: dict[int, Tally], name: str, of: str = "") -> tuple[float, ...]:
    found = {(f.name, f.of): f for f in figures(given, tallies).figures}[name, of]
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


# --- what must always hold ------------------------------------------------------------------------


def test_nothing_is_lost_from_the_books() -> None:
    tallies = played(plan(EVERYTHING), 6)
    for tally in tallies.values():
        check_books(tally)
    every = outcomes(together(tallies))
    met = (every.lost, every.lost_at_end, every.rejected, every.allowed, every.stalled)
    assert min(*met, every.aborted, together(tallies).gone) > 0


def check_books(tally: Tally) -> None:
    for group in tally.actions.values():
        assert group.arrived == sum(getattr(group, name) for name in COUNTED)
        assert group.lost_at_end <= group.lost
        assert group.touched <= group.arrived
        unrecorded = group.unrecorded_allowed + group.unrecorded_continued
        assert unrecorded + group.unrecorded_unnoticed <= group.time
    every = outcomes(tally)
    assert every.arrived == 1500
    assert tally.sent == tally.received + tally.lost_on_way
    assert tally.received == tally.safe + tally.gone
    assert tally.received == sum(load.bytes for load in tally.recorders)
    assert tally.started.count == sum(load.streams for load in tally.recorders)
    assert tally.started.count + tally.gave_up.count + every.aborted == every.arrived
    assert tally.gave_up.count == every.allowed + every.rejected
    assert every.lost == every.terminated + every.continued == sum(tally.losses.values())
    assert every.lost == tally.noticed.count
    assert tally.actions["none"].rejected == tally.actions["none"].terminated == 0
    assert tally.actions["both"].allowed == tally.actions["both"].continued == 0
    assert tally.actions["reject"].terminated == tally.actions["terminate"].rejected == 0


def test_without_faults_everything_is_recorded_and_safe() -> None:
    given = plan("[sessions]\ncount = 1000\n")
    tally = play(given, 1)
    every = outcomes(tally)
    assert every.arrived == every.recorded == 1000
    assert tally.sent == tally.safe
    assert (tally.lost_on_way, tally.gone, tally.unrecorded, tally.none_up) == (0, 0, 0, 0)
    assert (every.unrecorded_allowed, every.unrecorded_continued, every.stalled) == (0, 0, 0)
    # Three round trips of 1 ms: dial, probe, open.
    assert tally.started.least == tally.started.most == 3000
    # Per session: arrival, three answers, twenty outputs, exit, final answer.
    assert tally.events == 26 * 1000


def test_no_recorder_at_all_rejects_or_records_nothing() -> None:
    given = plan("[recorders]\ncount = 0\n[enforcement]\nnone = 1\n[sessions]\ncount = 100\n")
    tally = play(given, 1)
    assert tally.actions["both"].rejected == tally.actions["both"].arrived > 0
    assert tally.actions["none"].allowed == tally.actions["none"].arrived > 0
    assert tally.none_up == tally.span


def test_the_same_seed_gives_the_same_tally_in_another_process_with_another_hash_seed() -> None:
    program = (
        "import sys, msgspec; from simulator.campaign.plan import parse;"
        "from simulator.campaign.world import play;"
        "plan = parse(sys.argv[1].encode(), 'plan');"
        "sys.stdout.buffer.write(msgspec.json.encode(play(plan, 5)))"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", program, EVERYTHING],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert written == {msgspec.json.encode(play(plan(EVERYTHING), 5))}


def test_another_seed_is_another_campaign() -> None:
    assert play(plan(EVERYTHING), 1) != play(plan(EVERYTHING), 2)


def test_a_what_if_leaves_what_it_is_not_about() -> None:
    given = plan(EVERYTHING)
    one, other = play(given, 3), play(vary(given, "timers.ack_window", "60 s"), 3)
    assert [a.arrived for a in one.actions.values()] == [a.arrived for a in other.actions.values()]
    # The recorders fail at the same moments; one campaign may end later than the other.
    assert abs(one.failures["crash"] - other.failures["crash"]) <= 1


# --- the exact timers -----------------------------------------------------------------------------


def always(kind: str) -> str:
    """A failure that is there from the first moment and never repaired."""
    return f'[{kind}]\nevery = "1 ns"\nlasts = "36500 d"\n'


@pytest.mark.parametrize(
    ("kind", "recorders", "seconds"),
    [
        # One that refuses costs a round trip; one that nothing reaches the dial's 5 s; one that
        # takes connections and says nothing the probe's 10 s and, for v1, the open's 5 s.
        ("crash", 1, 0),
        ("silent", 1, 5),
        ("silent", 5, 25),
        ("frozen", 1, 15),
        # The 30 s for all: of three that are frozen two are tried, and the third not to its end.
        ("frozen", 3, 30),
        ("silent", 9, 30),
    ],
)
def test_giving_up_takes_the_timers_time(kind: str, recorders: int, seconds: int) -> None:
    given = plan(f"{QUICK}[recorders]\ncount = {recorders}\n{always(kind)}")
    tally = play(given, 1)
    assert outcomes(tally).rejected == 400
    # Frozen: each dial that is answered costs a round trip, two a recorder.
    trips = {"crash": recorders, "frozen": 2 * recorders if seconds < 30 else 0}.get(kind, 0)
    assert tally.gave_up.least == tally.gave_up.most == seconds * 10**6 + trips * 1000


def test_failing_over_takes_the_timers_time() -> None:
    # The first zone is out for good, so the first recorder is silent and the second well.
    for failures, expected in (("silent", 5_000_000), ("crash", 1000), ("frozen", 15_002_000)):
        given = plan(
            f'{QUICK}gap = "1 min"\n[recorders]\ncount = 2\n'
            f'[{failures}]\nevery = "200 d"\nlasts = "200 d"\n'
        )
        times = [
            tally.failed_over for tally in (play(given, s) for s in range(12))
            if tally.failed_over.count == 400
        ]  # fmt: skip
        assert times
        for time in times:
            assert time.least == time.most == expected + 3000


def test_a_loss_is_noticed_by_the_ack_window_counted_from_the_last_ack() -> None:
    given = plan(
        '[sessions]\ncount = 3000\nlength = "1 h"\n[silent]\nevery = "3 h"\nlasts = "10 h"\n'
    )
    tally = together(played(given, 4))
    assert tally.losses.keys() == {"silent"}
    # An ack came up to 5 s before nothing passed any more: 25 s to 30 s are left of the window.
    # What ends in silence waits 30 s for its final answer, at most so long after it began.
    assert tally.noticed.count > 300
    assert tally.noticed.least is not None
    assert tally.noticed.least >= 25_000_000
    in_stream = outcomes(tally).lost - outcomes(tally).lost_at_end
    mean = (tally.noticed.total - outcomes(tally).lost_at_end * 45_000_000) / in_stream
    assert mean == pytest.approx(27_500_000, rel=0.02)


# --- closed forms ---------------------------------------------------------------------------------

SHARES = '[sessions]\ncount = 1500\ngap = "1 min"\nlength = "1 s"\noutputs = 0\n'
"""Sessions over a day, so short that they hardly meet a failure."""
CRASHES = '[crash]\nevery = "54 min"\nlasts = "6 min"\n'
U = 0.1
"""The part of the time for which a recorder of `CRASHES` is down: 6 min of 1 h."""


@pytest.mark.parametrize("order", ["same", "rotated", "random"])
@pytest.mark.parametrize("recorders", [1, 2, 3])
def test_what_is_rejected_is_u_to_the_power_of_the_recorders(recorders: int, order: str) -> None:
    # Sessions arrive at any moment, so they see what there is in the mean of time; refusing takes
    # a millisecond each, in which next to nothing is repaired: 3 ms of 6 min.
    given = plan(f'{SHARES}{CRASHES}[recorders]\ncount = {recorders}\norder = "{order}"\n')
    tallies = played(given, 16)
    value, low, high = figure(given, tallies, "sessions rejected")
    expected = 100 * U**recorders
    assert low <= expected <= high
    assert value == pytest.approx(expected, rel={1: 0.2, 2: 0.4, 3: 0.8}[recorders])
    # And the time for which none was up agrees with what the sessions met.
    _, low, high = figure(given, tallies, "time without any recorder")
    assert low <= expected <= high


def test_intervals_of_campaigns_cover_the_closed_form() -> None:
    given = plan(f"{SHARES.replace('1500', '100')}{CRASHES}[recorders]\ncount = 1\n")
    tallies = played(given, 400)
    missed = 0
    for first in range(0, 400, 8):
        group = {seed: tallies[seed] for seed in range(first, first + 8)}
        _, low, high = figure(given, group, "sessions rejected")
        missed += not low <= 100 * U <= high
    # 5 % of 50 are 2.5, the standard deviation 1.5.
    assert missed <= 8


def test_zones_make_failures_joint() -> None:
    # A zone is out 1/20 of the time. With two recorders in one zone both are gone when the zone is,
    # or else both by themselves; in two zones each has its own chance.
    zones = '[zones]\nevery = "114 min"\nlasts = "6 min"\n'
    for count, expected in (
        (1, 0.05 + 0.95 * U**2),
        (2, (1 - 0.95 * (1 - U)) ** 2),
    ):
        given = plan(f"{SHARES}{CRASHES}{zones}count = {count}\n[recorders]\ncount = 2\n")
        _, low, high = figure(given, played(given, 16), "sessions rejected")
        assert low <= 100 * expected <= high, count


def test_a_store_that_all_share_rejects_for_all() -> None:
    given = plan(f'{SHARES}[store]\nkind = "s3"\nevery = "114 min"\nlasts = "6 min"\n')
    _, low, high = figure(given, played(given, 16), "sessions rejected")
    assert low <= 5.0 <= high


def test_deploys_take_a_recorder_down_for_their_part_of_the_time() -> None:
    given = plan(
        f'{SHARES}[recorders]\ncount = 1\n[deploys]\nevery = "2 h"\nrestart = "6 min"\napart = 0\n'
    )
    _, low, high = figure(given, played(given, 16), "sessions rejected")
    assert low <= 5.0 <= high


def test_silence_is_partly_waited_out() -> None:
    # One recorder that is silent u of the time, for 5 s in the mean. A dial is asked again after
    # 1 s and 3 s, and given up after 5 s: it is in vain when the silence outlasts 3 s.
    given = plan(f'{SHARES}[recorders]\ncount = 1\n[silent]\nevery = "45 s"\nlasts = "5 s"\n')
    _, low, high = figure(given, played(given, 8), "sessions rejected")
    expected = 100 * 0.1 * math.exp(-3.001 / 5)
    assert low <= expected <= high
    assert high < 10.0  # so the hand value u, without the waiting, lies above


def test_what_is_lost_is_the_chance_that_the_recorder_fails_within_the_session() -> None:
    for lengths, expected in (
        ("fixed", 1 - math.exp(-1 / 9)),  # of 1 h where one fails every 9 h
        ("exponential", (1 / 9) / (1 / 9 + 1)),  # the first of two exponential times
    ):
        given = plan(
            f'[sessions]\ncount = 1500\ngap = "30 s"\nlength = "6 min"\noutputs = 0\n'
            f'lengths = "{lengths}"\n{CRASHES}[recorders]\ncount = 1\n'
        )
        tallies = played(given, 25)
        lost = [outcomes(t).lost for t in tallies.values()]
        taken = [t.started.count for t in tallies.values()]
        shares = sorted(a / b for a, b in zip(lost, taken, strict=True))
        mean = sum(lost) / sum(taken)
        error = math.sqrt(sum((s - mean) ** 2 for s in shares) / 24 / 25)
        assert abs(mean - expected) < 3 * error < 0.25 * expected


def test_unrecorded_seconds_are_those_of_the_sessions_that_went_on() -> None:
    # Fail-open, one recorder: what is never recorded is u of all session time.
    given = plan(f"{SHARES}{CRASHES}[recorders]\ncount = 1\n[enforcement]\nnone = 1\nboth = 0\n")
    value, low, high = figure(given, played(given, 16), "unrecorded time, never recorded")
    assert low <= 1000 * U * 1.0 <= high
    assert value > 0


def test_the_load_of_rotated_recorders_is_even_and_that_of_one_order_is_not() -> None:
    given = plan(QUICK)
    same = [load.streams for load in play(given, 1).recorders]
    assert same == [400, 0, 0]
    rotated = [
        load.streams for load in play(vary(given, "recorders.order", "rotated"), 1).recorders
    ]
    assert sum(rotated) == 400
    assert all(abs(streams - 400 / 3) < 4 * math.sqrt(400 / 3) for streams in rotated)


def test_streams_at_a_time_are_the_rate_times_the_length() -> None:
    # Little's law: one a minute of an hour each are 60 at a time, less what has not begun yet.
    given = plan('[sessions]\ncount = 8000\ngap = "1 min"\nlength = "1 h"\noutputs = 0\n')
    tally = play(given, 1)
    assert tally.recorders[0].time / tally.span == pytest.approx(60, rel=0.05)
    assert tally.recorders[0].time == pytest.approx(outcomes(tally).time, rel=1e-3)


def test_bytes_are_at_risk_from_their_ack_until_the_end() -> None:
    # Fixed sessions of 60 s, one output at 30 s, acked at once at the turn of 30 s: 30 s at risk,
    # and the round trip and the sync of 5 ms.
    given = plan(
        '[sessions]\ncount = 50\nlength = "60 s"\nlengths = "fixed"\noutputs = 1\n'
        "output_bytes = 1\n"
    )
    tally = play(given, 1)
    assert tally.safe == 50
    assert tally.risk == 50 * 30_006


def test_requests_to_s3_are_counted() -> None:
    given = plan(f'{QUICK}[store]\nkind = "s3"\n')
    tally = play(given, 1)
    # Per recording: the proof, the object, and a look whether its name is taken.
    assert (tally.puts, tally.gets, tally.parts) == (2 * 400, 400, 0)
    large = vary(vary(given, "sessions.output_bytes", 6 << 20), "sessions.outputs", 1)
    tally = play(large, 1)
    small = 2 * 400 - tally.parts  # whatever their sizes, each recording costs these at least
    assert tally.parts > 400
    assert tally.puts > tally.parts + 800 > small


def test_a_lost_disk_takes_what_was_not_safe() -> None:
    given = plan(
        '[sessions]\ncount = 500\nlength = "1 h"\nlengths = "fixed"\noutputs = 60\n'
        'output_bytes = 1\ngap = "1 min"\n[machine]\nevery = "2 h"\n[recorders]\ncount = 1\n'
    )
    tally = play(given, 1)
    assert tally.gone > 0
    assert tally.gone == tally.received - tally.safe
    # What is acked within 5 s of each minute is all but the last output, at most, of each stream.
    assert tally.gone - outcomes(tally).lost <= tally.gone_acked <= tally.gone
    assert tally.at_risk.total == tally.gone_acked


def test_users_who_do_not_wait_leave() -> None:
    given = plan(f'{QUICK}patience = "4 s"\n{always("silent")}')
    every = outcomes(play(given, 1))
    assert every.aborted == every.arrived == 400


def test_sessions_on_a_v1_recorder_wait_out_a_silence_or_stall() -> None:
    # v1 has no acks: only TCP gives up, after what the plan says, counted from the first output.
    given = plan(
        '[sessions]\ncount = 300\nlength = "2 h"\noutputs = 720\n[recorders]\ncount = 1\nv1 = 1\n'
        '[silent]\nevery = "2 h"\nlasts = "10 h"\n[network]\ngive_up = "15 min"\n'
    )
    tally = together(played(given, 3))
    assert tally.recorders[0].streams == tally.started.count
    assert tally.losses.keys() == {"silent"}
    assert tally.noticed.quantile(1, 2) == pytest.approx(15 * MINUTE // US, rel=0.03)


def test_days_pass_as_planned() -> None:
    given = plan('[sessions]\ncount = 5000\ngap = "1 min"\nlength = "1 s"\noutputs = 0\n')
    assert play(given, 1).span == pytest.approx(5000 * MINUTE // US, rel=0.06)
    assert 3 * DAY < 5000 * MINUTE < 4 * DAY
    assert HOUR == 60 * MINUTE
