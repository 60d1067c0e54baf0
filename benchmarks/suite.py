"""`recspec check recorder` on a recorder that is right: time and memory against their limits.

The reference recorder is started by the command of a profile, as a vendor's is, once for the
filesystem and once for S3. Memory is the proportional set size of the suite and all that it starts,
the recorders under test left out: what those take is their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec

from benchmarks.library import family, proportional_mib
from conformance.cases import Phase, cases

WHOLE_S = 150.0
WIRE_S = 75.0
MEMORY_MIB = 400 * 1e6 / 2**20

PROFILES = {
    "filesystem": ["--storage", "{storage}"],
    "s3": ["--storage", "s3://{bucket}/", "--s3-endpoint", "{s3_endpoint}", "--spool", "{storage}"],
}


def profile(kind: str, folder: str) -> Path:
    """Write the profile of the reference recorder."""
    spool = [word.replace("{storage}", f"{folder}/spool") for word in PROFILES["s3"]]
    words = PROFILES[kind] if kind == "filesystem" else spool
    command = [sys.executable, "-m", "recspec", "serve", "recorder", "--listen", "{host}:{port}"]
    path = Path(folder, f"{kind}.toml")
    path.write_text(
        f'name = "reference"\ncommand = {json.dumps(command + words)}\n'
        f'[storage]\nkind = "{kind}"\nnode_id = "source"\n'
    )
    return path


def measure(kind: str) -> tuple[float, float, float, int]:
    """Check it; return seconds, those of the phase on the wire, peak MiB, exit status."""
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        command = [sys.executable, "-m", "recspec", "check", "recorder"]
        command += [str(profile(kind, folder)), "--out", str(out)]
        begun = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            over = threading.Event()
            threading.Thread(target=lambda: (process.wait(), over.set())).start()
            while not over.wait(0.25):
                ours = [pid for pid in family(process.pid) if not _under_test(pid)]
                peak = max(peak, proportional_mib(ours))
        return time.monotonic() - begun, _wire(out), peak, process.returncode


def _under_test(pid: int) -> bool:
    """Tell whether a process is a recorder that was started by the profile's command."""
    try:
        return b"serve\0recorder" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class _At(msgspec.Struct):
    at: int


def _wire(out: Path) -> float:
    """Return how long the phase on the wire took, by the histories of its cases."""
    names = {c.id.replace("/", "__") for c in cases().values() if c.phase is Phase.WIRE}
    times = [
        msgspec.json.decode(line, type=_At).at
        for path in (out / "histories").glob("*.jsonl")
        if path.stem in names
        for line in path.read_bytes().splitlines()
    ]
    return (max(times) - min(times)) / 1e9 if times else 0.0


def main() -> int:
    """Print a line for each promise; 1 when one is missed."""
    missed = False
    for kind in PROFILES:
        whole, wire, peak, status = measure(kind)
        missed |= whole > WHOLE_S or wire > WIRE_S or peak > MEMORY_MIB or status != 0
        print(
            f"recorder suite, {kind}: {whole:.1f} s ({whole / WHOLE_S:.2f} of {WHOLE_S:.0f}),"
            f" wire {wire:.1f} s ({wire / WIRE_S:.2f} of {WIRE_S:.0f}), {peak:.0f} MiB"
            f" ({peak / MEMORY_MIB:.2f} of {MEMORY_MIB:.0f}), exit {status}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
