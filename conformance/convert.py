"""Recordings from one version of asciicast to another, line by line.

Times become intervals and back in integer nanoseconds, so that errors do not add up. The data of
an event is carried over as it was written, escapes and all, and so are header keys that neither
version knows. What has no place in the other version is left out: comments and the terminal's
version of v3, the duration of v1 and v2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from conformance.asciicast.recording import Event, read_lines

_NS = 1_000_000_000
_BOM = b"\xef\xbb\xbf"
_HEADER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EVENT = msgspec.json.Decoder(tuple[float, msgspec.Raw, msgspec.Raw])
_CHECKED = msgspec.json.Decoder(tuple[float, str, str])
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, OverflowError)
_ENVIRONMENT = msgspec.json.Decoder(dict[str, str | None] | None)


class CannotConvertError(ValueError):
    """Line `line` (from 1) of the recording cannot be carried over."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line} cannot be converted: {message}")
        self.line = line


def convert(lines: Iterable[bytes], version: int) -> Iterator[bytes]:
    """Yield the lines of the same recording as asciicast `version`, 2 or 3, each with its end.

    `lines` come without their line feeds. A recording that has the version already comes out as
    it is, but for blank lines. Raises `CannotConvertError` at the first line that cannot be read.
    """
    source = iter(lines)
    first = next(source, b"").removeprefix(_BOM)
    header = _read_header(first)
    stated = header.get("version", msgspec.Raw(b"")) if header is not None else None
    old = {b"1": 1, b"2": 2, b"3": 3}.get(bytes(stated)) if stated is not None else None
    if header is None or old == 1:
        yield from _convert_v1([first, *source], version)
        return
    if old is None:
        raise CannotConvertError(1, "the header states no version that is known")
    if old == version:
        yield first + b"\n"
        yield from (line + b"\n" for line in source if line.strip())
        return
    yield msgspec.json.encode(_to_v3(header) if version == 3 else _to_v2(header)) + b"\n"
    yield from _events(source, relative=old == 3)


def _read_header(line: bytes) -> dict[str, msgspec.Raw] | None:
    try:
        return _HEADER.decode(line)
    except _UNREADABLE:
        return None


def _events(lines: Iterator[bytes], *, relative: bool) -> Iterator[bytes]:
    """Yield the events with times instead of intervals, when `relative`, or the other way round."""
    now = 0
    for number, line in enumerate(lines, start=2):
        if not line.strip() or (relative and line[:1] == b"#"):
            continue
        try:
            _CHECKED.decode(line)
            time, code, data = _EVENT.decode(line)
            stated = round(time * _NS)
        except _UNREADABLE as error:
            raise CannotConvertError(number, str(error)) from error
        if not relative and stated < now:
            raise CannotConvertError(number, "its time goes back, and no interval is negative")
        written = now + stated if relative else stated - now
        now = now + stated if relative else stated
        yield b"[%s,%s,%s]\n" % (_seconds(written), bytes(code), bytes(data))


def _seconds(nanoseconds: int) -> bytes:
    """Return `nanoseconds` as a decimal number of seconds, without trailing zeros."""
    sign = "-" if nanoseconds < 0 else ""
    whole, part = divmod(abs(nanoseconds), _NS)
    return f"{sign}{whole}.{part:09d}".rstrip("0").removesuffix(".").encode()


def _convert_v1(lines: list[bytes], version: int) -> Iterator[bytes]:
    items = list(read_lines(lines))
    broken = next((number for number, item in items if item is None), None)
    header = items[0][1] if items else None
    readable = isinstance(header, dict) and header.get("version") == 1 and "stdout" not in header
    if broken is not None or not readable or not isinstance(header, dict):
        raise CannotConvertError(broken or 1, "it is neither a header nor asciicast v1")
    raw = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in header.items()}
    raw["version"] = msgspec.Raw(b"2")
    yield msgspec.json.encode(_to_v3(raw) if version == 3 else raw) + b"\n"
    now = 0
    for _, item in items[1:]:
        assert isinstance(item, Event)
        stated = round(item.time * _NS)
        written = _seconds(stated - now if version == 3 else stated)
        yield b'[%s,"o",%s]\n' % (written, msgspec.json.encode(item.data))
        now = stated


def _to_v3(header: dict[str, msgspec.Raw]) -> dict[str, object]:
    rest = dict(header)
    term: dict[str, object] = {}
    for old, new in (("width", "cols"), ("height", "rows")):
        if old in rest:
            term[new] = rest.pop(old)
    try:
        environment = _ENVIRONMENT.decode(rest["env"]) if "env" in rest else None
    except _UNREADABLE as error:
        raise CannotConvertError(1, f"`env`: {error}") from error
    if environment and environment.get("TERM"):
        term["type"] = environment["TERM"]
    if "theme" in rest:
        term["theme"] = rest.pop("theme")
    for name in ("version", "duration"):
        rest.pop(name, None)
    return {"version": 3, "term": term, **rest}


def _to_v2(header: dict[str, msgspec.Raw]) -> dict[str, object]:
    rest = dict(header)
    rest.pop("version")
    try:
        term = _HEADER.decode(rest.pop("term", msgspec.Raw(b"")))
        environment = _ENVIRONMENT.decode(rest["env"]) if "env" in rest else None
    except _UNREADABLE as error:
        raise CannotConvertError(1, f"`term` or `env`: {error}") from error
    if "cols" not in term or "rows" not in term:
        raise CannotConvertError(1, "`term` has no `cols` or no `rows`")
    v2: dict[str, object] = {"version": 2, "width": term["cols"], "height": term["rows"], **rest}
    if "type" in term and not (environment and "TERM" in environment):
        v2["env"] = {**(environment or {}), "TERM": term["type"]}
    if "theme" in term:
        v2["theme"] = term["theme"]
    return v2
