"""The header of a recording: what it says, and the rules of each version for it.

The header is read first and judged when it is complete, because the version that decides on the
rules may come last. What it says is kept as `Fact`s: the values that some rule asks for, with
their places; of lists and maps of any length only the elements that break a rule are kept.
"""

from __future__ import annotations

import math
import re

import msgspec

from conformance.asciicast.findings import CastFinding, Tally, found
from conformance.asciicast.strict import Path, Scanner, integer

_LARGEST = 65535
_LARGEST_INTEGER = 2**63 - 1
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_PALETTE = re.compile(r"#[0-9a-fA-F]{6}(?::#[0-9a-fA-F]{6}){7}(?:(?::#[0-9a-fA-F]{6}){8})?")

_COMMON = ("version", "timestamp", "command", "title", "env", "duration", "idle_time_limit")
_SIZED = ("width", "height", "theme", "stdout")
_V3 = ("term", "tags")
_SESSION = (
    "srcNode",
    "srcNodeID",
    "srcNodeTags",
    "srcNodeUserID",
    "srcNodeUser",
    "sshUser",
    "localUser",
    "connectionID",
    "kubernetes",
)
_POD = ("PodName", "Namespace", "Container", "SessionType")
_THEME = ("fg", "bg", "palette")

_KNOWN: frozenset[Path] = frozenset(
    [(name,) for name in (*_COMMON, *_SIZED, *_V3, *_SESSION)]
    + [("env", "TERM")]
    + [("theme", name) for name in _THEME]
    + [("term", name) for name in ("cols", "rows", "type", "version", "theme")]
    + [("term", "theme", name) for name in _THEME]
    + [("kubernetes", name) for name in _POD]
)
_ELEMENTS = {"env": "header-7", "srcNodeTags": "header-15", "tags": "header-22"}
"""Lists and maps whose elements are strings."""
_KEPT = 4096


class Fact(msgspec.Struct, frozen=True):
    """One value of the header and where it stands (line and column from 1)."""

    kind: str
    text: str
    line: int
    column: int


class Header:
    """Reads the header, one line after the other, and judges it when it is complete."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._scanner = Scanner(self)
        self._facts: dict[Path, Fact] = {}
        self._members: dict[str, Tally] = {}
        self._line = 0
        self.flaws = Tally(most)
        """What breaks a clause of the whole file."""

    def feed(self, text: str, line: int) -> None:
        """Read one line. Raises `NotJSONError`."""
        self._line = line
        self._scanner.feed(text)

    @property
    def started(self) -> bool:
        """True once anything but white space was read."""
        return self._scanner.started

    @property
    def done(self) -> bool:
        """True once the JSON text is complete."""
        return self._scanner.done

    @property
    def is_object(self) -> bool:
        """True when the JSON text is an object, as a header must be."""
        return () in self._facts and self._facts[()].kind == "object"

    @property
    def root(self) -> Fact | None:
        """The JSON text itself, where it begins."""
        return self._facts.get(())

    @property
    def version(self) -> int | None:
        """The version that the header states, None when it states none that is an integer."""
        return self.number(("version",))

    @property
    def kubernetes(self) -> bool:
        """True when the header is of a Kubernetes session."""
        return self.has(("kubernetes",))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal, 0 where unknown."""
        if self.version == 3:
            return self.number(("term", "cols")) or 0, self.number(("term", "rows")) or 0
        return self.number(("width",)) or 0, self.number(("height",)) or 0

    def fact(self, path: Path) -> Fact | None:
        """Return the value at `path`, None when it is absent."""
        return self._facts.get(path)

    def has(self, path: Path) -> bool:
        """Return True when the value at `path` is present and not null."""
        fact = self._facts.get(path)
        return fact is not None and fact.kind != "null"

    def number(self, path: Path) -> int | None:
        """Return the integer at `path`, None when there is none."""
        fact = self._facts.get(path)
        return integer(fact.text) if fact is not None and fact.kind == "number" else None

    def members(self, name: str) -> Tally:
        """Return what breaks a clause inside the list or map `name`."""
        return self._members.setdefault(name, Tally(self._most))

    # --- what the scanner tells --------------------------------------------------------------

    def value(self, path: Path, kind: str, text: str, index: int) -> None:
        """Keep a value that some rule asks for."""
        if path in self._facts:
            self._forget(path)
        if not path or path in _KNOWN:
            self._facts[path] = Fact(kind, text[:_KEPT], self._line, index + 1)
        if len(path) > 1:
            self._element(path, kind, text, index)

    def closed(self, path: Path, count: int, index: int) -> None:
        """Judge the length of a frame of asciicast v1; an empty list of tags is none."""
        if path == ("srcNodeTags",) and count == 0:
            self._facts[path] = Fact("null", "", self._line, index + 1)
        if len(path) == 2 and path[0] == "stdout" and count != 2:
            self._member(path, "events-13", index, f"a frame of {count} elements, not 2", "")

    def flaw(self, clause: str, index: int, message: str, text: str) -> None:
        """Keep what breaks a clause of the whole file."""
        self.flaws.add(found(clause, self._line, index + 1, message, text))

    def _forget(self, path: Path) -> None:
        """Drop what an equal name said before: the last one counts."""
        if len(path) == 1:
            self._members.pop(str(path[0]), None)
        for old in [old for old in self._facts if old[: len(path)] == path]:
            del self._facts[old]

    def _element(self, path: Path, kind: str, text: str, index: int) -> None:
        """Judge an element of a list or map of any length at once, instead of keeping it."""
        name = path[0]
        if name == "stdout":
            self._frame(path, kind, text, index)
        elif len(path) == 2 and kind != "string" and isinstance(name, str) and name in _ELEMENTS:
            if name == "env" and kind == "null":
                self._member(path, "header-9", index, "null in `env`", str(path[1]))
            else:
                what = f"a value of `{name}` is not a string"
                self._member(path, _ELEMENTS[name], index, what, text or kind)

    def _frame(self, path: Path, kind: str, text: str, index: int) -> None:
        clause = "events-13"
        if len(path) == 2:
            if kind != "array":
                self._member(path, clause, index, "a frame is not an array", text or kind)
        elif len(path) == 3 and path[2] == 0:
            if kind != "number":
                self._member(path, clause, index, "the delay is not a number", text or kind)
            elif not math.isfinite(float(text)):
                self._member(path, clause, index, "the delay is not finite", text)
            elif float(text) < 0:
                self._member(path, clause, index, "the delay is negative", text)
        elif len(path) == 3 and path[2] == 1 and kind != "string":
            self._member(path, clause, index, "the data is not a string", text or kind)

    def _member(self, path: Path, clause: str, index: int, message: str, text: str) -> None:
        tally = self.members(str(path[0]))
        tally.add(found(clause, self._line, index + 1, message, text))


class _Rules:
    """Judges a complete header; one method for each kind of rule, each may add one finding."""

    def __init__(self, header: Header, tally: Tally) -> None:
        self.header = header
        self.tally = tally

    def break_at(self, clause: str, path: Path, message: str) -> None:
        """Report `clause` broken at the value at `path`, or at the header where it is absent."""
        fact = self.header.fact(path)
        root = self.header.root
        assert root is not None
        if fact is None or fact is root:
            self.tally.add(found(clause, root.line, root.column, message))
        else:
            text = fact.text if fact.kind == "string" else fact.text or fact.kind
            self.tally.add(found(clause, fact.line, fact.column, message, text))

    def integer(self, clause: str, path: Path, largest: int, *, required: bool) -> None:
        """An integer from 0 to `largest`."""
        name = ".".join(map(str, path))
        if not self.header.has(path):
            if required:
                self.break_at(clause, path, f"`{name}` is missing")
            return
        number = self.header.number(path)
        if number is None or not 0 <= number <= largest:
            self.break_at(clause, path, f"`{name}` is not an integer from 0 to {largest}")

    def kind(self, clause: str, path: Path, kind: str, *, required: bool = False) -> bool:
        """A value of one kind; null counts as absent. Returns True when it is there and right."""
        name = ".".join(map(str, path))
        fact = self.header.fact(path)
        if fact is None or fact.kind == "null":
            if required:
                self.break_at(clause, path, f"`{name}` is missing")
            return False
        if fact.kind != kind:
            article = "an" if kind[0] in "ao" else "a"
            self.break_at(clause, path, f"`{name}` is not {article} {kind}")
            return False
        return True

    def duration(self, path: Path) -> None:
        """A finite number of seconds, not negative."""
        if self.kind("header-10", path, "number"):
            fact = self.header.fact(path)
            assert fact is not None
            if not 0 <= float(fact.text) < math.inf:
                self.break_at("header-10", path, f"`{path[0]}` is not a duration")

    def theme(self, path: Path) -> None:
        """A complete theme."""
        if not self.kind("header-11", path, "object"):
            return
        for name, form, what in (
            ("fg", _COLOUR, "#rrggbb"),
            ("bg", _COLOUR, "#rrggbb"),
            ("palette", _PALETTE, "8 or 16 of #rrggbb with colons between"),
        ):
            if self.kind("header-11", (*path, name), "string", required=True):
                fact = self.header.fact((*path, name))
                assert fact is not None
                if form.fullmatch(fact.text) is None:
                    self.break_at("header-11", (*path, name), f"`{name}` is not {what}")

    def members(self, name: str) -> None:
        """What was found inside the list or map `name`."""
        self.tally.add_all(self.header.members(name))

    def size(self) -> None:
        """Width and height of v1 and v2."""
        self.integer("header-3", ("width",), _LARGEST, required=True)
        self.integer("header-4", ("height",), _LARGEST, required=True)

    def about(self, *, dated: bool) -> None:
        """What all versions may say about the recording."""
        self.integer("header-5", ("timestamp",), _LARGEST_INTEGER, required=dated)
        self.kind("header-6", ("command",), "string")
        self.kind("header-6", ("title",), "string")
        self.kind("header-7", ("env",), "object")
        self.members("env")
        self.duration(("idle_time_limit",))
        self.duration(("duration",))

    def session(self) -> None:
        """What session recordings say beyond asciicast v2 (protocol facts, section 6)."""
        excused = self.header.kubernetes and not self.header.has(("env",))
        if not excused and not self.header.has(("env", "TERM")):
            self.break_at("header-8", ("env",), "`env` has no `TERM`")
        if self.kind("header-12", ("srcNode",), "string", required=True):
            name = self.header.fact(("srcNode",))
            if name is not None and (not name.text or name.text.endswith(".")):
                self.break_at("header-13", ("srcNode",), "not a full name without a trailing dot")
        if self.kind("header-14", ("srcNodeID",), "string", required=True):
            node = self.header.fact(("srcNodeID",))
            if node is not None and not node.text:
                self.break_at("header-14", ("srcNodeID",), "`srcNodeID` is empty")
        self._owner()
        for path in (("sshUser",), ("localUser",), ("connectionID",)):
            if self.kind("header-18", path, "string", required=True):
                fact = self.header.fact(path)
                if fact is not None and not fact.text and not self.header.kubernetes:
                    self.break_at("header-19", path, f"`{path[0]}` is empty")
        if self.kind("header-20", ("kubernetes",), "object"):
            for member in _POD:
                self.kind("header-20", ("kubernetes", member), "string")

    def _owner(self) -> None:
        """Tags or user, never a mix."""
        self.kind("header-15", ("srcNodeTags",), "array")
        self.members("srcNodeTags")
        if self.header.has(("srcNodeUserID",)) and self.header.number(("srcNodeUserID",)) is None:
            self.break_at("header-16", ("srcNodeUserID",), "`srcNodeUserID` is not an integer")
        self.kind("header-16", ("srcNodeUser",), "string")
        tags = self.header.has(("srcNodeTags",))
        user_id, user = (self.header.has((name,)) for name in ("srcNodeUserID", "srcNodeUser"))
        if tags and (user_id or user):
            self.break_at("header-17", ("srcNodeTags",), "both tags and a user")
        elif not tags and not (user_id and user):
            absent = [
                f"`{name}`"
                for name, there in (("srcNodeUserID", user_id), ("srcNodeUser", user))
                if not there
            ]
            self.break_at("header-17", (), f"no `srcNodeTags`, and no {' and no '.join(absent)}")


def judge(header: Header, *, plain: bool, tally: Tally) -> None:
    """Judge a complete `header` by the rules of its version; `plain` leaves out the protocol's.

    A header that states no version is judged as version 2, one of an unknown version not at all.
    """
    rules = _Rules(header, tally)
    version = header.version
    if version not in (1, 2, 3):
        rules.break_at("header-2", ("version",), "`version` is not 1, 2 or 3")
        if version is not None:
            return
    if version == 3:
        rules.kind("header-21", ("term",), "object", required=True)
        if header.has(("term",)):
            rules.integer("header-21", ("term", "cols"), _LARGEST, required=True)
            rules.integer("header-21", ("term", "rows"), _LARGEST, required=True)
        rules.kind("header-22", ("term", "type"), "string")
        rules.kind("header-22", ("term", "version"), "string")
        rules.theme(("term", "theme"))
        rules.kind("header-22", ("tags",), "array")
        rules.members("tags")
        rules.about(dated=False)
        return
    rules.size()
    rules.about(dated=version != 1 and not plain)
    if version == 1:
        rules.kind("header-23", ("stdout",), "array", required=True)
        rules.members("stdout")
        if not header.has(("duration",)):
            rules.break_at("header-24", ("duration",), "`duration` is missing")
        return
    rules.theme(("theme",))
    if not plain:
        rules.session()


def unfinished(header: Header) -> CastFinding:
    """Return the finding for a header that does not end on its line."""
    root = header.root
    assert root is not None
    return found("header-1", root.line, root.column, "the header does not end on its line")
