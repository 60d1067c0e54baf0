"""Recordings: asciicast v1, v2 and v3, and the header that session recordings add to v2.

`Validator` judges a recording as it streams by, `parse` reads one as data. The clauses are in
`clauses`, what each version's header must hold in `header`, the event lines in `events`, strict
JSON in `strict`; `stream` puts them together. Files are opened elsewhere: this takes bytes.
"""

from conformance.asciicast.clauses import CLAUSES, Clause, Level
from conformance.asciicast.findings import CastFinding
from conformance.asciicast.recording import (
    Event,
    Recording,
    normalise,
    output_text,
    parse,
    read_lines,
    write,
)
from conformance.asciicast.stream import LINE_LIMIT, MOST, Validator, check

__all__ = [
    "CLAUSES",
    "LINE_LIMIT",
    "MOST",
    "CastFinding",
    "Clause",
    "Event",
    "Level",
    "Recording",
    "Validator",
    "check",
    "normalise",
    "output_text",
    "parse",
    "read_lines",
    "write",
]
