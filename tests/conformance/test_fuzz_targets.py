"""What the fuzzer asks, asked of everything that it starts from: needs no atheris."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from benchmarks import fuzz_cast, fuzz_policy


@pytest.mark.parametrize("target", [fuzz_cast, fuzz_policy])
def test_the_seeds_break_nothing(target: ModuleType) -> None:
    seeds = list(target.seeds())
    assert len(seeds) > 20
    for seed in seeds:
        target.fuzz(seed)


@pytest.mark.parametrize("target", [fuzz_cast, fuzz_policy])
def test_seeds_with_words_put_in_break_nothing(target: ModuleType) -> None:
    chance = random.Random(1)
    for seed in target.seeds():
        at = chance.randint(0, len(seed))
        word = chance.choice(target.WORDS).encode()
        target.fuzz(seed[:at] + word + seed[at + chance.randint(0, 5) :])
