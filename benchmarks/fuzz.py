"""Fuzzes what reads other people's files: the validator of recordings and the reader of policies.

Each target runs under atheris in a process of its own, at low priority, from the fixtures on, with
the branches of the code under test as its guide. What breaks it is any exception, a broken promise
of the target's (`fuzz_cast`, `fuzz_policy`), an input that takes 10 s, or 512 MB of memory. Growth
is what Python holds at the end beyond what it held after a third of the time, in blocks: that
counts neither the inputs that the fuzzer itself collects nor holes in the allocator. The input
that broke something is kept, and its path printed.

    python -m benchmarks.fuzz --seconds 60

Without atheris (extra ``fuzz``) nothing is done, and one line says so.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, cast

ROOT = Path(__file__).parents[1]
TARGETS = ("cast", "policy")
MOST_BLOCKS = 1_000
MOST_MB = 512
HANG_S = 10
LONGEST_INPUT = 8192
SAMPLE_S = 1.0
NICENESS = 10

_SAMPLE = re.compile(r"^sample ([0-9]+) ([0-9]+) ([0-9]+)$", re.MULTILINE)
_EXECUTED = re.compile(r"^stat::number_of_executed_units: +([0-9]+)", re.MULTILINE)


class Target(Protocol):
    """A module that says what to fuzz."""

    WORDS: tuple[str, ...]

    def seeds(self) -> Iterator[bytes]:
        """Yield inputs to start from."""

    def fuzz(self, data: bytes) -> None:
        """Raise when one input breaks something."""


def target(name: str) -> Target:
    """Import one target."""
    return cast(Target, importlib.import_module(f"benchmarks.fuzz_{name}"))


class Watched:
    """Calls the target, and now and then says on stderr how much is held."""

    def __init__(self, fuzz: Callable[[bytes], None]) -> None:
        self._fuzz = fuzz
        self._count = 0
        self._next = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Take one input."""
        self._fuzz(data)
        self._count += 1
        if time.monotonic() >= self._next:
            gc.collect()
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            rss = pages * os.sysconf("SC_PAGE_SIZE")
            print(f"sample {self._count} {sys.getallocatedblocks()} {rss}", file=sys.stderr)
            self._next = time.monotonic() + SAMPLE_S


def child(name: str, arguments: list[str]) -> None:
    """Fuzz one target in this process, until the fuzzer ends it."""
    import atheris  # noqa: PLC0415 - an extra

    with atheris.instrument_imports(include=["conformance"]):
        module = target(name)
    atheris.Setup([f"fuzz_{name}", *arguments], Watched(module.fuzz))
    atheris.Fuzz()


def run(name: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own and print what came of it; True when all is well."""
    kept = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    corpus = kept / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(target(name).seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = kept / "words"
    words.write_text("".join(map(_word, target(name).WORDS)), encoding="ascii")
    options = [
        str(corpus),
        f"-max_total_time={seconds}",
        f"-timeout={HANG_S}",
        f"-rss_limit_mb={MOST_MB}",
        f"-max_len={LONGEST_INPUT}",
        f"-dict={words}",
        f"-artifact_prefix={kept}/",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    with (kept / "output").open("w+b") as output:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.fuzz", "--child", name, *options],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(NICENESS),
            check=False,
        )
    fine = _told(name, seconds, done.returncode, kept)
    if fine:
        shutil.rmtree(kept)
    return fine


def _word(word: str) -> str:
    """Write one word as the fuzzer's dictionary has it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n'


def _told(name: str, seconds: int, status: int, kept: Path) -> bool:
    """Print what came of it; True when nothing broke and nothing grew."""
    text = (kept / "output").read_text(encoding="utf-8", errors="replace")
    samples = [tuple(map(int, found)) for found in _SAMPLE.findall(text)]
    executed = _EXECUTED.search(text)
    if status or not samples or executed is None:
        print(f"fuzz {name}: broken (exit {status}); what it said and the input are in {kept}")
        print(text[-2000:])
        return False
    _, settled, _ = samples[len(samples) // 3]
    grown, rss = samples[-1][1] - settled, max(sample[2] for sample in samples) / 1e6
    print(
        f"fuzz {name}: {int(executed[1])} inputs in {seconds} s, nothing broke; Python grew by"
        f" {grown} blocks (at most {MOST_BLOCKS}), largest {rss:.0f} MB (at most {MOST_MB})"
    )
    return grown <= MOST_BLOCKS


def main() -> int:
    """Fuzz every target; 1 when one broke."""
    parser = argparse.ArgumentParser(description="Fuzz the readers of recordings and policies.")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--only", choices=TARGETS, help="this target alone")
    chosen = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: skipped, atheris is not installed (pip install 'recspec[fuzz]')")
        return 0
    names = (chosen.only,) if chosen.only else TARGETS
    fine = {name: run(name, chosen.seconds) for name in names}
    return int(not all(fine.values()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())
