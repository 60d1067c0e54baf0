"""The statement of conformance: what a vendor may show, as JSON and as a badge.

It holds the digest of the results that it was made from, so that whoever is shown it can ask for
them and see that they are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from html import escape

import msgspec

from conformance.cases import Level
from conformance.judgement import Run
from conformance.levels import LevelVerdict, Verdict

SCHEMA = "1"
STATEMENT = "statement.json"
BADGE = "badge.svg"
_CHAR, _PAD, _HEIGHT = 6.6, 8, 20


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a target, when, by which version, level by level."""

    schema: str
    tool: str
    version: str
    target: str
    date: str
    """RFC 3339, UTC: when the run began."""
    complete: bool
    """False when cases were left out on purpose (``--only``, ``--skip``, ``--level``)."""
    levels: dict[str, LevelVerdict]
    results_sha256: str
    """Of the file ``results.json`` that lies beside it."""


def statement(
    run: Run, levels: Mapping[Level, LevelVerdict], results: bytes, *, complete: bool
) -> Statement:
    """Make the statement of a run whose ``results.json`` holds `results`."""
    return Statement(
        schema=SCHEMA,
        tool=run.tool,
        version=run.version,
        target=run.target,
        date=run.started,
        complete=complete,
        levels={level.value: verdict for level, verdict in levels.items()},
        results_sha256=sha256(results).hexdigest(),
    )


def statement_files(whole: Statement) -> dict[str, bytes]:
    """Return the statement and its badge, by file name."""
    return {
        STATEMENT: msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n",
        BADGE: badge(whole).encode(),
    }


def badge(whole: Statement) -> str:
    """Draw the badge: the levels that the target conforms to, or that it does not."""
    by = {Level(name): verdict.verdict for name, verdict in whole.levels.items()}
    good = [level.value for level in Level if by.get(level) is Verdict.CONFORMANT]
    bad = any(verdict is Verdict.NOT_CONFORMANT for verdict in by.values())
    if bad:
        text, colour = "not conformant", "#c0392b"
    elif not good or Verdict.NOT_KNOWN in by.values():
        text, colour = "inconclusive", "#7f8c8d"
    else:
        text, colour = " · ".join(good), "#1e8449"
        if not whole.complete:
            text, colour = f"{text} (in part)", "#7f8c8d"
    name = f"recspec {whole.version}".strip()
    left, right = (round(len(part) * _CHAR + 2 * _PAD) for part in (name, text))
    title = escape(f"{name}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}"'
        f' role="img" aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left + right}" height="{_HEIGHT}" rx="3" fill="#3b4252"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v{_HEIGHT - 6}a3 3 0 0 1-3 3H{left}z"'
        f' fill="{colour}"/>'
        '<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11">'
        f'<text x="{_PAD}" y="14" textLength="{left - 2 * _PAD}">{escape(name)}</text>'
        f'<text x="{left + _PAD}" y="14" textLength="{right - 2 * _PAD}">{escape(text)}</text>'
        "</g></svg>\n"
    )
