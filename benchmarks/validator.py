"""How fast the validator of recordings is, and how much memory it takes.

Speed is a ratio to a loop that only decodes the same lines into typed events, both measured in
this run on one core: the validator must reach at least half of it. Memory is the resident size of
a whole process, interpreter included, that validates a recording many times longer than it: under
64 MB with lines up to 1 MiB, under 200 MB with lines of 16 MiB. Ends 1 when a bound is missed.

Where there is an ``asciinema`` of version 2 (its path in RECSPEC_ASCIINEMA, or on PATH), the whole
command ``recspec check cast`` is also held against ``asciinema cat``, which parses the same file
and writes its output: at least five times as fast, by CPU time of the two processes.

    python benchmarks/validator.py
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec

from conformance.asciicast import Validator

HEADER = (
    b'{"version":2,"width":80,"height":24,"timestamp":1767225600,"env":{"TERM":"xterm"},'
    b'"srcNode":"a.example.ts.net","srcNodeID":"n1","srcNodeTags":["tag:x"],"sshUser":"root",'
    b'"localUser":"root","connectionID":"c1"}\n'
)
PIECE = 64 * 1024
ROUNDS = 5
MIB = 2**20
ASCIINEMA_ROUNDS = 3
TIMES_FASTER = 5.0


def recording(size: int, longest: int) -> bytes:
    """Return about `size` bytes of events whose data has up to `longest` characters."""
    rng = random.Random(7)
    text = "drwxr-xr-x 2 root root \x1b[01;34mdir\x1b[0m <a&b> é → \r\n" * (longest // 40 + 1)
    lines, total, now = [HEADER], 0, 0.0
    while total < size:
        now += rng.random()
        event = (round(now, 6), "o", text[: rng.randint(1, longest)])
        lines.append(msgspec.json.encode(event) + b"\n")
        total += len(lines[-1])
    return b"".join(lines)


def decode(data: bytes) -> None:
    """Decode every line into a typed event, and nothing else."""
    decoder = msgspec.json.Decoder(tuple[float, str, str])
    for line in data.split(b"\n")[1:-1]:
        decoder.decode(line)


def validate(data: bytes) -> None:
    """Judge every line."""
    validator = Validator()
    for begin in range(0, len(data), PIECE):
        assert not validator.feed(data[begin : begin + PIECE])
    assert not validator.finish()


def best(work: Callable[[bytes], None], data: bytes) -> float:
    """Return the MB/s of the fastest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work(data)
        times.append(time.perf_counter() - begin)
    return len(data) / min(times) / 1e6


def pieces(line: int, kind: str, total: int) -> Iterator[bytes]:
    """Yield `total` bytes of a recording with lines of `line` bytes, piece by piece."""
    yield HEADER
    sent = number = 0
    while sent < total:
        number += 1
        begin, end = b'[%d,"o","' % number, b'"]\n'
        if kind == "wide":
            end = "\U0001f43b".encode() + end  # one wide character makes the whole string wide
        if kind == "broken":
            end = "\U0001f43b".encode() + b"\n"
        if kind == "elements":
            begin, end = b"[0", b"]\n"
        fill = {"escapes": b"\\u001b", "elements": b",0"}.get(kind, b"x")
        left = line - len(begin) - len(end)
        yield begin
        while left >= len(fill):
            piece = fill * (min(left, PIECE) // len(fill))
            left -= len(piece)
            yield piece
        yield end
        sent += line


def measure(line: int, kind: str, total: int) -> None:
    """Validate in this process and print its largest resident size in MB."""
    validator = Validator()
    for piece in pieces(line, kind, total):
        validator.feed(piece)
    validator.finish()
    # Not ru_maxrss: that begins with the size of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(int(peak) / 1024)


def largest(line: int, kind: str, total: int) -> float:
    """Return the largest resident size in MB of a process that validates."""
    command = [sys.executable, __file__, "--measure", str(line), kind, str(total)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def asciinema() -> str:
    """Return the path of asciinema 2, or nothing."""
    program = os.environ.get("RECSPEC_ASCIINEMA") or shutil.which("asciinema")
    if not program:
        return ""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return program if said.stdout.startswith("asciinema 2.") else ""


def cpu_seconds(command: list[str], home: str) -> float:
    """Return the CPU time of a command that must end well, without a terminal: the least of some.

    `home` keeps the user's own configuration out of it.
    """
    times = []
    for _ in range(ASCIINEMA_ROUNDS):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": home, "ASCIINEMA_CONFIG_HOME": home},
            cwd=Path(__file__).parents[1],
            start_new_session=True,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} ended {process.returncode}")
        times.append(used.ru_utime + used.ru_stime)
    return min(times)


def against_asciinema() -> bool:
    """Print how much faster the command is than asciinema 2; True when that is not enough."""
    program = asciinema()
    if not program:
        print("against asciinema 2: skipped, there is none (RECSPEC_ASCIINEMA, or on PATH)")
        return False
    missed = False
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "recording.cast"
        theirs = [program, "cat", str(path)]
        ours = [sys.executable, "-m", "recspec", "check", "cast", str(path)]
        path.write_bytes(HEADER)
        print(
            f"before the first event: asciinema cat {cpu_seconds(theirs, home):.2f} s of CPU,"
            f" recspec check cast {cpu_seconds(ours, home):.2f} s"
        )
        for longest in (40, 200, 2000):
            path.write_bytes(recording(50_000_000, longest))
            slow, fast = cpu_seconds(theirs, home), cpu_seconds(ours, home)
            missed |= slow < TIMES_FASTER * fast
            print(
                f"50 MB, events of up to {longest:4} characters, all in all: asciinema cat"
                f" {slow:.2f} s, recspec check cast {fast:.2f} s, {slow / fast:.1f} times as fast"
                f" (at least {TIMES_FASTER:.0f})"
            )
    return missed


def main() -> int:
    """Print the ratios, and return 1 when one misses its bound."""
    missed = False
    for longest in (40, 200, 2000, 30_000):
        data = recording(20_000_000, longest)
        loop, ours = best(decode, data), best(validate, data)
        missed |= ours < loop / 2
        print(
            f"events of up to {longest:6} characters: decoding {loop:4.0f} MB/s, "
            f"validating {ours:4.0f} MB/s, ratio {ours / loop:.2f} (at least 0.50)"
        )
    for line, bound, kinds in (
        (200, 64, ("ascii", "wide", "broken")),
        (MIB, 64, ("ascii", "wide", "escapes", "broken", "elements")),
        (16 * MIB, 200, ("ascii", "wide", "escapes", "broken", "elements")),
    ):
        for kind in kinds:
            used = largest(line, kind, max(2 * line, 64 * MIB if kind == "ascii" else 4 * MIB))
            missed |= used >= bound
            print(f"lines of {line:8} bytes, {kind:8}: {used:4.0f} MB (under {bound})")
    missed |= against_asciinema()
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(main())
