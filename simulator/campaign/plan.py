"""The plan of a campaign: how many of what, how often it fails, and for how long.

A plan is data: integers and words. In its TOML file a duration is a number with its unit,
``"90 s"``; here it is in nanoseconds. Rates are given as mean times: `every` is the mean time from
a repair (or the start) to the next failure, `lasts` the mean time until it is repaired, both
exponential, so that a part fails ``lasts / (every + lasts)`` of the time.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from conformance.wire import SECOND, Timers

MILLISECOND = SECOND // 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNITS = MappingProxyType(
    {
        "ns": 1,
        "us": 1000,
        "ms": MILLISECOND,
        "s": SECOND,
        "min": MINUTE,
        "h": HOUR,
        "d": DAY,
    }
)
"""Nanoseconds in each unit that a plan may name."""
LONGEST = 100 * 365 * DAY
MOST_RECORDERS = 100
MOST_NODES = 1_000_000
MOST_SESSIONS = 100_000_000
MOST_OUTPUTS = 10_000
MOST_BYTES = 1 << 30
MAX_FILE = 1 << 16
"""Bytes of a plan's file: it is written by hand."""

MAX_NAME = 100

Duration = Annotated[int, "duration"]
"""Nanoseconds; in a file a number with its unit."""


_PROTOCOL = Timers()


class PlanError(ValueError):
    """A plan that cannot be played: where, what is wrong, and what would be right."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the plan's file."""


class Sessions(_Table, frozen=True, kw_only=True):
    """The sessions of one seed. They arrive independently of each other, over all nodes."""

    count: int = 10_000
    """How many arrive. The campaign ends when the last of them is over."""
    gap: Duration = 9 * SECOND
    """Mean time between two arrivals, over all nodes (exponential)."""
    length: Duration = 5 * MINUTE
    """Mean time that a command runs."""
    lengths: Literal["exponential", "fixed"] = "exponential"
    outputs: int = 20
    """Outputs of each session, evenly spread over its length."""
    output_bytes: int = 200
    """Mean size of an output in the recording; each session draws one size, 1 to twice the mean."""
    patience: Duration = 0
    """After this time of choosing a recorder the user leaves; 0: the user waits."""


class Recorders(_Table, frozen=True, kw_only=True):
    """The recorders, as every node's policy names them."""

    count: int = 3
    order: Literal["same", "rotated", "random"] = "same"
    """Whether all nodes have one order, each starts one further, or each has its own."""
    v1: int = 0
    """How many of them, the last ones, know nothing but v1."""
    capacity: int = 0
    """Streams that a recorder takes at a time before it refuses; 0: any number."""


class Faults(_Table, frozen=True, kw_only=True):
    """How often something fails, and for how long."""

    every: Duration = 0
    """Mean time from a repair to the next failure; 0: it never fails."""
    lasts: Duration = MINUTE
    """Mean time until it is repaired."""


class Slow(Faults, frozen=True, kw_only=True):
    """A recorder that answers late."""

    delay: Duration = 3 * SECOND
    """How much later every answer and every ack comes while it is slow."""


class Zones(Faults, frozen=True, kw_only=True):
    """Zones, in which recorders stand in turn; an outage makes a whole zone unreachable."""

    count: int = 1


class Deploys(_Table, frozen=True, kw_only=True):
    """Rolling restarts of the recorders, one after the other."""

    every: Duration = 0
    """From the begin of one deploy to that of the next; 0: none."""
    restart: Duration = 20 * SECOND
    """How long each recorder is down; its streams are cut."""
    apart: Duration = MINUTE
    """From the begin of one recorder's restart to that of the next one's."""


class Store(Faults, frozen=True, kw_only=True):
    """Where recordings are kept for good. Only S3 is shared, so only S3 fails for all at once."""

    kind: Literal["filesystem", "s3"] = "filesystem"
    finish: Duration = 5 * MILLISECOND
    """How long it takes to make a recording safe when it has ended: sync a file, put an object."""
    patience: Duration = 10 * SECOND
    """How long a recorder repeats a put that fails before it gives a recording up."""
    timeout: Duration = 3 * SECOND
    """How long the call takes to fail that proves, before a recording, that S3 can be written."""
    again: Duration = 5 * SECOND
    """After a repair, how long until what was left in the spool is sent."""
    part: int = 5 << 20
    """Bytes of a part; smaller recordings are put in one piece."""


class Enforcement(_Table, frozen=True, kw_only=True):
    """How many sessions, by weight, have which messages of the failure action set."""

    none: int = 0
    reject: int = 0
    terminate: int = 0
    both: int = 1


class Network(_Table, frozen=True, kw_only=True):
    """The way from the nodes to the recorders."""

    round_trip: Duration = MILLISECOND
    buffer: int = 4 << 20
    """Bytes that leave a client towards a recorder that reads nothing, before output stalls."""
    give_up: Duration = 924 * SECOND
    """How long TCP sends again what is not acknowledged, before it ends a connection."""


class TimersPlan(_Table, frozen=True, kw_only=True):
    """The protocol's timers (section 8) that a campaign may vary."""

    dial: Duration = _PROTOCOL.dial
    probe: Duration = _PROTOCOL.probe
    open: Duration = _PROTOCOL.open
    choose: Duration = _PROTOCOL.choose
    ack_cadence: Duration = _PROTOCOL.ack_cadence
    ack_window: Duration = _PROTOCOL.ack_window
    final: Duration = _PROTOCOL.final


class Prices(_Table, frozen=True, kw_only=True):
    """What S3 costs, in millionths of any currency. Fill in your provider's prices."""

    puts: int = 5_000
    """For a thousand requests that write: PUT, POST."""
    gets: int = 400
    """For a thousand requests that only look: HEAD."""
    gib_month: int = 23_000
    """For a GiB kept for a month."""
    months: int = 12
    """How long recordings are kept."""


class Plan(_Table, frozen=True, kw_only=True):
    """Everything that a campaign is, except its seeds."""

    name: str = "campaign"
    nodes: int = 1_000
    """SSH servers, all outside the recorders' zones."""
    sessions: Sessions = Sessions()
    recorders: Recorders = Recorders()
    crash: Faults = Faults()
    """A recorder's process dies: streams are cut, dials refused; what it wrote stays."""
    machine: Faults = Faults()
    """As a crash, and the disk is lost: what was not safe is gone."""
    silent: Faults = Faults()
    """A recorder cannot be reached: nothing passes, either way."""
    frozen: Faults = Faults()
    """A recorder takes connections and answers nothing: its kernel lives, its process hangs."""
    slow: Slow = Slow()
    disk: Faults = Faults()
    """A recorder cannot write: it refuses new recordings and ends those under way with an error."""
    zones: Zones = Zones()
    deploys: Deploys = Deploys()
    store: Store = Store()
    enforcement: Enforcement = Enforcement()
    network: Network = Network()
    timers: TimersPlan = TimersPlan()
    prices: Prices = Prices()

    def protocol_timers(self) -> Timers:
        """Return the timers as the recorder client takes them."""
        return Timers(**msgspec.structs.asdict(self.timers))


# --- reading --------------------------------------------------------------------------------------


def load(path: Path) -> Plan:
    """Read a plan's file; raises PlanError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}") from None
    return parse(data, str(path))


def parse(data: bytes, where: str) -> Plan:
    """Parse a plan; `where` names it in errors. Raises PlanError."""
    if len(data) > MAX_FILE:
        raise PlanError(f"{where}: larger than {MAX_FILE} bytes: not a plan")
    try:
        table = tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise PlanError(f"{where}: byte {error.start}: not UTF-8; TOML is") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlanError(f"{where}: {str(error) or 'nested too deeply'}") from None
    try:
        return _made(table)
    except PlanError as error:
        raise PlanError(f"{where}: {error}") from None


def vary(plan: Plan, key: str, value: str | int) -> Plan:
    """Return the plan with one key at another value, both as in a file; raises PlanError.

    `key` is dotted: ``recorders.count``, ``timers.ack_window``. A number may come as a word.
    """
    fields = keys()
    if key not in fields:
        raise PlanError(_unknown(key))
    table = msgspec.to_builtins(plan)
    inner, _, last = key.rpartition(".")
    holder = table[inner] if inner else table
    number = isinstance(holder[last], int) and not fields[key]
    if isinstance(value, str) and number and re.fullmatch(r"\d{1,30}", value):
        value = int(value)
    holder[last] = value
    return _made(table)


@cache
def keys() -> dict[str, bool]:
    """Return every key that can be varied, dotted, and whether it is a duration."""
    found: dict[str, bool] = {}
    for name, kind in get_type_hints(Plan, include_extras=True).items():
        if isinstance(kind, type) and issubclass(kind, _Table):
            for last, inner in get_type_hints(kind, include_extras=True).items():
                found[f"{name}.{last}"] = inner == Duration
        else:
            found[name] = kind == Duration
    return found


def _unknown(key: str) -> str:
    """Say that a plan has no such key, and which one may be meant."""
    near = get_close_matches(key, keys(), n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(keys())}"
    return f"{key}: no such key of a plan; {hint}"


def duration(written: str) -> int:
    """Return the nanoseconds of ``"1.5 s"``; raises PlanError."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?) ?([a-z]+)", written)
    if match is None or match[2] not in UNITS:
        raise PlanError(f'{written!r}: not a duration; write one as "90 s" ({", ".join(UNITS)})')
    exact = Fraction(match[1]) * UNITS[match[2]]
    if exact.denominator != 1:
        raise PlanError(f"{written!r}: finer than a nanosecond")
    return int(exact)


def _made(table: dict[str, Any]) -> Plan:
    """Make a plan of what was read, and check it; raises PlanError."""
    for key, is_duration in keys().items():
        inner, _, last = key.rpartition(".")
        holder = table.get(inner) if inner else table
        if is_duration and isinstance(holder, dict) and isinstance(holder.get(last), str):
            try:
                holder[last] = duration(holder[last])
            except PlanError as error:
                raise PlanError(f"{key}: {error}") from None
    try:
        plan = msgspec.convert(table, Plan)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$.")
        at = at.rstrip("`")
        if unknown := re.fullmatch(r"Object contains unknown field `([^`]*)`", what):
            raise PlanError(_unknown(f"{at}.{unknown[1]}" if at else unknown[1])) from None
        raise PlanError(f"{at}: {what}" if at else what) from None
    _check(plan)
    return plan


# --- checking -------------------------------------------------------------------------------------

_BOUNDS: dict[str, tuple[int, int]] = {
    "nodes": (1, MOST_NODES),
    "sessions.count": (1, MOST_SESSIONS),
    "sessions.gap": (1, DAY),
    "sessions.length": (MILLISECOND, 30 * DAY),
    "sessions.outputs": (0, MOST_OUTPUTS),
    "sessions.output_bytes": (1, MOST_BYTES),
    "recorders.count": (0, MOST_RECORDERS),
    "recorders.v1": (0, MOST_RECORDERS),
    "recorders.capacity": (0, MOST_SESSIONS),
    "zones.count": (1, MOST_RECORDERS),
    "store.part": (5 << 20, 5 << 30),
    "network.round_trip": (2, 10 * SECOND),
    "network.give_up": (SECOND, DAY),
    "network.buffer": (1, MOST_BYTES),
    "prices.months": (0, 1200),
    **{f"timers.{name}": (MILLISECOND, DAY) for name in TimersPlan.__struct_fields__},
    **{f"enforcement.{name}": (0, 1_000_000) for name in Enforcement.__struct_fields__},
    **{f"prices.{name}": (0, 10**12) for name in ("puts", "gets", "gib_month")},
}
"""The least and the most of every number; of other durations 0 and `LONGEST`."""

FAULTS = ("crash", "machine", "silent", "frozen", "slow", "disk")
"""The tables of what happens to one recorder on its own."""


def _check(plan: Plan) -> None:
    """Raise PlanError for what cannot be played."""
    for key, is_duration in keys().items():
        inner, _, last = key.rpartition(".")
        value = getattr(getattr(plan, inner) if inner else plan, last)
        if isinstance(value, str):
            continue
        least, most = _BOUNDS.get(key, (0, LONGEST))
        if not least <= value <= most:
            unit = " ns" if is_duration else ""
            raise PlanError(f"{key}: {value}{unit}: write {least}{unit} to {most}{unit}")
    if not plan.name.strip() or len(plan.name) > MAX_NAME or not plan.name.isprintable():
        raise PlanError(f"name: write 1 to {MAX_NAME} characters that can be printed")
    if plan.recorders.v1 > plan.recorders.count:
        raise PlanError(f"recorders.v1: {plan.recorders.v1}: more than there are recorders")
    for name in (*FAULTS, "zones", "store"):
        faults = getattr(plan, name)
        if faults.every and not faults.lasts:
            raise PlanError(f"{name}.lasts: 0: write how long it lasts, or every = 0 for never")
    if not sum(msgspec.structs.astuple(plan.enforcement)):
        raise PlanError("enforcement: all weights are 0: write how many sessions have which")
    if plan.store.kind == "filesystem" and plan.store.every:
        raise PlanError('store.every: only S3 fails for all; write kind = "s3", or use [disk]')
    _check_deploys(plan)


def _check_deploys(plan: Plan) -> None:
    deploys = plan.deploys
    if not deploys.every:
        return
    if not deploys.restart:
        raise PlanError("deploys.restart: 0: write how long a restart takes")
    whole = deploys.apart * max(0, plan.recorders.count - 1) + deploys.restart
    if whole > deploys.every:
        raise PlanError(f"deploys.every: {deploys.every} ns: one deploy takes {whole} ns already")
