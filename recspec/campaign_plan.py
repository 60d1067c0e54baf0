"""What ``recspec simulate`` was asked for: the plan, its variants, the seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from simulator.campaign.plan import Plan, PlanError, load, vary
from simulator.spread.work import Task

BASE = Path(__file__).with_name("base_campaign.toml")
"""The plan that is played when none is given; it explains itself."""
MOST_SEEDS = 100_000
MOST_VARIANTS = 100
_LAST_SEED = 2**63 - 1
_BLOCK = 16
"""Seeds of a variant that are played before some of the next: variants differ in what they cost."""


class AskedError(ValueError):
    """Something was asked for that cannot be; one line says what would be right."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """The plan with one key at one value; the plan as it is has an empty key."""

    key: str
    value: str
    plan: Plan
    digest: str

    def __str__(self) -> str:
        """Name it in messages."""
        return f" of {self.key}={self.value}" if self.key else ""


def digest(plan: Plan) -> str:
    """Return 32 hexadecimal digits that tell one plan from another."""
    return sha256(msgspec.json.encode(plan, order="deterministic")).hexdigest()[:32]


def plan_of(path: Path | None, sessions: int | None) -> Plan:
    """Read the plan, or take the base plan; raises AskedError."""
    try:
        plan = load(path if path is not None else BASE)
        return plan if sessions is None else vary(plan, "sessions.count", sessions)
    except PlanError as error:
        raise AskedError(str(error)) from None


def seeds_of(written: str) -> range:
    """Read ``FIRST-LAST`` or one seed; raises AskedError."""
    match = re.fullmatch(r"(\d{1,19})(?:-(\d{1,19}))?", written, re.ASCII)
    if match is None:
        raise AskedError(f"--seeds {written}: write FIRST-LAST, like 1-20, or one seed")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise AskedError(f"--seeds {written}: the last is below the first; write {last}-{first}")
    if last > _LAST_SEED or last - first >= MOST_SEEDS:
        raise AskedError(f"--seeds {written}: at most {MOST_SEEDS} seeds, up to {_LAST_SEED}")
    return range(first, last + 1)


def variants_of(plan: Plan, wanted: Iterable[str]) -> tuple[Variant, ...]:
    """Read each ``KEY=V1,V2,…``; without any, the plan as it is. Raises AskedError."""
    found = [variant for words in wanted for variant in _varied(plan, words)]
    if len(found) > MOST_VARIANTS:
        raise AskedError(f"--vary: {len(found)} variants; at most {MOST_VARIANTS} are played")
    names = [(variant.key, variant.value) for variant in found]
    for key, value in names:
        if names.count((key, value)) > 1:
            raise AskedError(f"--vary {key}: {value} is there twice")
    return tuple(found) or (Variant(key="", value="", plan=plan, digest=digest(plan)),)


def _varied(plan: Plan, words: str) -> Iterator[Variant]:
    key, equals, values = words.partition("=")
    key = key.strip()
    listed = [value.strip() for value in values.split(",")]
    if not equals or not key or not all(listed):
        raise AskedError(f"--vary {words}: write KEY=VALUE,VALUE, like recorders.count=1,2,3")
    for value in listed:
        try:
            varied = vary(plan, key, value)
        except PlanError as error:
            raise AskedError(f"--vary {key}={value}: {error}") from None
        yield Variant(key=key, value=value, plan=varied, digest=digest(varied))


def tasks_of(variants: Iterable[Variant], seeds: range) -> tuple[Task, ...]:
    """Return what is to be played; variants that are the same plan are played once."""
    plans = list(dict.fromkeys(variant.digest for variant in variants))
    blocks = (seeds[at : at + _BLOCK] for at in range(0, len(seeds), _BLOCK))
    return tuple(Task(plan, seed) for block in blocks for plan in plans for seed in block)
