"""`recspec check cast`: judges recordings, and converts, plays back or searches them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated, NoReturn, TextIO

import msgspec
import typer

from conformance.asciicast import CastFinding, Level, Validator, read_lines
from conformance.convert import CannotConvertError, convert
from conformance.judgement import ExitStatus, Status
from recspec.cast_files import UnreadableError, find, lines, pieces


class Format(StrEnum):
    """Versions of asciicast that can be written."""

    V2 = "v2"
    V3 = "v3"


class Match(msgspec.Struct, frozen=True):
    """One line of output that a pattern was found in."""

    file: str
    line: int
    """Line of the recording where the line of output begins, from 1."""
    time: float
    """Seconds since the start of the recording."""
    text: str


class Verdict(msgspec.Struct, frozen=True):
    """What was found out about one file."""

    file: str
    status: Status
    findings: list[CastFinding]


def check_cast(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Recordings (.cast, .cast.gz, .cast.zst), folders, patterns, or - for stdin.",
        ),
    ],
    *,
    plain: Annotated[
        bool, typer.Option("--plain", help="Judge bare asciicast v2, without the protocol's rules.")
    ] = False,
    to: Annotated[
        Format | None,
        typer.Option("--convert", help="Write the one recording given in another version."),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Print what the terminal showed.")] = False,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Print the lines of output that a regular expression matches."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Judge recordings against asciicast and the recording protocol.

    Prints every finding as FILE:LINE:COLUMN: LEVEL CLAUSE MESSAGE, and a verdict for each file.
    Ends 0 when no MUST is broken, 1 when one is (or a search found nothing), 2 when a file cannot
    be read.

    Example: recspec check cast recordings/ --json
    """
    chosen = [
        name
        for name, given in (
            ("--convert", to is not None),
            ("--text", text),
            ("--search", search is not None),
        )
        if given
    ]
    if len(chosen) > 1:
        _refuse(f"{' and '.join(chosen)} cannot be combined: choose one")
    if as_json and (to is not None or text):
        _refuse(f"{chosen[0]} prints the recording itself: leave --json out")
    names, missing = find(files)
    for name in missing:
        _complain(f"{name}: no such recording")
    if to is not None and len(names) != 1:
        _refuse(f"--convert takes one recording, {len(names)} were given")
    if to is not None:
        done = _convert(names[0], to)
    elif text:
        done = _text(names)
    elif search is not None:
        done = _search(names, search, as_json=as_json)
    else:
        done = _judge(names, plain=plain, as_json=as_json)
    if missing and (done is ExitStatus.CONFORMANT or search is not None):
        done = ExitStatus.USAGE
    raise typer.Exit(done)


# --- judging --------------------------------------------------------------------------------------


def _judge(names: list[str], *, plain: bool, as_json: bool) -> ExitStatus:
    statuses = set()
    with _Array(enabled=as_json) as array:
        for name in names:
            tell = None if as_json else _teller(name)
            verdict, counts = _verdict(name, plain=plain, tell=tell)
            statuses.add(verdict.status)
            if as_json:
                array.add(verdict)
            else:
                broken = ", ".join(f"{n} {level}" for level, n in counts.items() if n)
                _say(f"{name}: {verdict.status}" + (f" (broken: {broken})" if broken else ""))
    if Status.FAIL in statuses:
        return ExitStatus.NOT_CONFORMANT
    return ExitStatus.USAGE if Status.ERROR in statuses else ExitStatus.CONFORMANT


def _teller(name: str) -> Callable[[CastFinding], None]:
    def tell(found: CastFinding) -> None:
        _say(f"{name}:{found.line}:{found.column}: {found.level} {found.clause} {found.message}")

    return tell


def _verdict(
    name: str, *, plain: bool, tell: Callable[[CastFinding], None] | None
) -> tuple[Verdict, dict[Level, int]]:
    """Judge one file; findings are told as they come, or kept when there is no `tell`."""
    validator = Validator(plain=plain)
    kept: list[CastFinding] = []
    counts = dict.fromkeys(Level, 0)
    status = None
    try:
        for found in _findings(name, validator):
            counts[found.level] += 1
            (tell or kept.append)(found)
    except UnreadableError as error:
        _complain(f"{name}: {error}")
        status = Status.ERROR
    return Verdict(_clean(name), status or validator.status, kept), counts


def _findings(name: str, validator: Validator) -> Iterator[CastFinding]:
    for piece in pieces(name):
        yield from validator.feed(piece)
    yield from validator.finish()


# --- the other things that can be done with a recording -------------------------------------------


def _convert(name: str, to: Format) -> ExitStatus:
    try:
        for line in convert(lines(name), int(to.value[1:])):
            sys.stdout.buffer.write(line)
    except UnreadableError as error:
        _complain(f"{name}: {error}")
        return ExitStatus.USAGE
    except CannotConvertError as error:
        _complain(f"{name}: {error}")
        return ExitStatus.NOT_CONFORMANT
    finally:
        sys.stdout.buffer.flush()
    return ExitStatus.CONFORMANT


def _text(names: list[str]) -> ExitStatus:
    from recspec.cast_text import shown_lines  # noqa: PLC0415  # pyte is not needed to judge

    done = ExitStatus.CONFORMANT
    for name in names:
        if len(names) > 1:
            _say(f"==> {name} <==")
        try:
            for line in shown_lines(read_lines(lines(name))):
                _say(line)
        except UnreadableError as error:
            _complain(f"{name}: {error}")
            done = ExitStatus.USAGE
    return done


def _search(names: list[str], pattern: str, *, as_json: bool) -> ExitStatus:
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        _refuse(f"--search {pattern}: {error}")
    found, unreadable = False, False
    with _Array(enabled=as_json) as array:
        for name in names:
            try:
                for match in _matches(name, wanted):
                    found = True
                    if as_json:
                        array.add(match)
                    else:
                        _say(f"{name}:{match.line}: {match.time:.3f}s {match.text}")
            except UnreadableError as error:
                _complain(f"{name}: {error}")
                unreadable = True
    if unreadable:
        return ExitStatus.USAGE
    return ExitStatus.CONFORMANT if found else ExitStatus.NOT_CONFORMANT


def _matches(name: str, wanted: re.Pattern[str]) -> Iterator[Match]:
    from recspec.cast_text import output_lines  # noqa: PLC0415  # pyte is not needed to judge

    for line in output_lines(read_lines(lines(name))):
        if wanted.search(line.text):
            yield Match(_clean(name), line.line, line.time, line.text)


# --- output ---------------------------------------------------------------------------------------


class _Array:
    """Writes a JSON array to standard output, one element after the other."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._any = False

    def __enter__(self) -> _Array:
        return self

    def __exit__(self, *_: object) -> None:
        if self._enabled:
            _say("\n]" if self._any else "[]")

    def add(self, element: Verdict | Match) -> None:
        """Write one more element."""
        begin = ",\n" if self._any else "[\n"
        self._any = True
        sys.stdout.buffer.write(begin.encode() + msgspec.json.encode(element))
        sys.stdout.buffer.flush()


def _clean(name: str) -> str:
    """Return a file's name as text: a name need not be UTF-8, JSON must be."""
    return name.encode(errors="backslashreplace").decode()


def _say(line: str) -> None:
    _write(sys.stdout, line)


def _complain(line: str) -> None:
    _write(sys.stderr, line)


def _write(stream: TextIO, line: str) -> None:
    encoding = stream.encoding or "utf-8"
    safe = line.encode(encoding, errors="backslashreplace").decode(encoding)
    typer.echo(safe, file=stream)


def _refuse(line: str) -> NoReturn:
    _complain(line)
    raise typer.Exit(ExitStatus.USAGE)
