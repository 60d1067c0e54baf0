"""What the fuzzer asks of the validator of recordings.

It never raises, whatever comes; how the bytes are cut into pieces makes no difference to what it
finds; and every finding names a line that was read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from conformance.asciicast import LINE_LIMIT, CastFinding, Validator, check

FIXTURES = Path(__file__).parents[1] / "fixtures" / "recordings"
LONGEST_SEED = 4096

WORDS = (
    '"version":2', '"version":1', '"version":3', '"version"', '"width":80', '"height":24',
    '"timestamp":1', '"env":{"TERM":"xterm"}', '"env":null', '"command"', '"theme"', '"term"',
    '"srcNode"', '"srcNodeID"', '"srcNodeTags":["tag:x"]', '"srcNodeUserID":1', '"srcNodeUser"',
    '"sshUser"', '"localUser"', '"connectionID"', '"kubernetes"', '"stdout":[', '"duration"',
    '[0,"o","x"]\n', '[1.5,"r","80x24"]\n', '[1e3,"x","0"]\n', "null", "true", "# ", "\r\n",
    "\\ud83d", "\\u0000", "\ufeff", "1e400", "-0", "]\n[",
)  # fmt: skip
"""What the fuzzer puts together."""


def seeds() -> Iterator[bytes]:
    """Yield what the fuzzer starts from: the recordings among the fixtures."""
    for path in sorted(FIXTURES.glob("*/*.cast")):
        yield path.read_bytes()[:LONGEST_SEED] + bytes(8)


def fuzz(data: bytes) -> None:
    """Judge one input at once and in pieces; the last eight bytes say how it is cut."""
    recording, how = data[:-8], random.Random(data[-8:])
    plain, limit = how.random() < 0.3, how.choice((LINE_LIMIT, LINE_LIMIT, 300, 40))
    whole = check(recording, plain=plain, line_limit=limit)
    validator = Validator(plain=plain, line_limit=limit)
    found: list[CastFinding] = []
    begin, largest = 0, how.choice((1, 7, 100, 5000))
    while begin < len(recording):
        end = begin + how.randint(1, largest)
        found += validator.feed(recording[begin:end])
        begin = end
    found += validator.finish()
    assert found == whole, f"cut into pieces: {found}, at once: {whole}"
    lines = recording.count(b"\n") + 1
    assert all(1 <= finding.line <= lines and finding.column >= 1 for finding in found), found
