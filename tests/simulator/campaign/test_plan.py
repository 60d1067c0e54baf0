"""Plans: what a file may say, what-ifs, and the one line that a wrong plan gets."""

from __future__ import annotations

import msgspec
import pytest

from conformance.wire import SECOND, Timers
from simulator.campaign.plan import Faults, Plan, PlanError, Recorders, duration, keys, parse, vary


def test_an_empty_plan_is_the_default_one_with_the_protocols_timers() -> None:
    plan = parse(b"", "p.toml")
    assert plan == Plan()
    assert plan.protocol_timers() == Timers()


def test_a_plan_is_read_with_its_durations() -> None:
    plan = parse(
        b'nodes = 7\n[recorders]\ncount = 2\norder = "rotated"\n'
        b'[crash]\nevery = "30 d"\nlasts = "1.5 min"\n[timers]\nack_window = 3000000000\n',
        "p.toml",
    )
    assert (plan.nodes, plan.recorders) == (7, Recorders(count=2, order="rotated"))
    assert plan.crash == Faults(every=30 * 86400 * SECOND, lasts=90 * SECOND)
    assert plan.timers.ack_window == 3 * SECOND


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nodes = 0", "p.toml: nodes: 0: write 1 to 1000000"),
        ("nodes = true", "p.toml: nodes: Expected `int`, got `bool`"),
        ("node = 1", "p.toml: node: no such key of a plan; did you mean nodes?"),
        (
            "[crash]\nevry = 1",
            "p.toml: crash.evry: no such key of a plan; did you mean crash.every?",
        ),
        ("crash = 3", "p.toml: crash: Expected `object`, got `int`"),
        ('[crash]\nevery = "soon"', "p.toml: crash.every: 'soon': not a duration; write one as"),
        ('[crash]\nevery = "1 d"\nlasts = 0', "p.toml: crash.lasts: 0: write how long it lasts"),
        ('[crash]\nevery = "0.5 ns"', "p.toml: crash.every: '0.5 ns': finer than a nanosecond"),
        ("[crash]\nevery = -1", "p.toml: crash.every: -1 ns: write 0 ns to"),
        ('[recorders]\norder = "any"', "p.toml: recorders.order: Invalid enum value 'any'"),
        ("[recorders]\nv1 = 4", "p.toml: recorders.v1: 4: more than there are recorders"),
        ("[enforcement]\nboth = 0", "p.toml: enforcement: all weights are 0"),
        ('[store]\nevery = "1 d"', "p.toml: store.every: only S3 fails for all"),
        ('[deploys]\nevery = "1 min"', "p.toml: deploys.every: 60000000000 ns: one deploy takes"),
        ('name = ""', "p.toml: name: write 1 to 100 characters"),
        ("nodes =", "p.toml: Invalid value"),
        ("a\n" * 40000, "p.toml: larger than 65536 bytes: not a plan"),
    ],
)
def test_a_wrong_plan_gets_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(PlanError) as raised:
        parse(text.encode(), "p.toml")
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_told() -> None:
    with pytest.raises(PlanError, match=r"^p\.toml: byte 1: not UTF-8; TOML is$"):
        parse(b"a\xff", "p.toml")


def test_a_what_if_changes_one_key() -> None:
    plan = vary(vary(Plan(), "recorders.count", "5"), "timers.ack_window", "2 min")
    assert plan.recorders == Recorders(count=5)
    assert plan.timers.ack_window == 120 * SECOND
    assert vary(plan, "recorders.order", "random").recorders.order == "random"
    assert vary(plan, "nodes", 3).nodes == 3
    assert vary(plan, "name", "3").name == "3"
    assert msgspec.structs.replace(plan, recorders=Recorders(), timers=Plan().timers) == Plan()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "recorder.count",
            "2",
            "recorder.count: no such key of a plan; did you mean recorders.count?",
        ),
        ("nonsense", "1", "nonsense: no such key of a plan; there are name, nodes"),
        ("recorders", "2", "recorders: no such key"),
        ("recorders.count", "two", "recorders.count: Expected `int`, got `str`"),
        ("recorders.count", "101", "recorders.count: 101: write 0 to 100"),
        ("timers.ack_window", "5", "timers.ack_window: '5': not a duration"),
    ],
)
def test_a_what_if_that_makes_no_sense_is_told(key: str, value: str, said: str) -> None:
    with pytest.raises(PlanError) as raised:
        vary(Plan(), key, value)
    assert str(raised.value).startswith(said)


def test_every_key_can_be_varied_to_what_it_is() -> None:
    for key in keys():
        inner, _, last = key.rpartition(".")
        value = getattr(getattr(Plan(), inner) if inner else Plan(), last)
        assert vary(Plan(), key, value) == Plan()


@pytest.mark.parametrize(
    ("written", "meant"), [("90 s", 90 * SECOND), ("1.5h", 5400 * SECOND), ("0 s", 0)]
)
def test_durations(written: str, meant: int) -> None:
    assert duration(written) == meant


def test_a_plan_survives_being_written() -> None:
    plan = vary(Plan(), "crash.every", "3 d")
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
