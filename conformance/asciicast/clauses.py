"""The clauses that a recording must keep: one table, numbers stable for ever.

Three areas: `file` (the bytes of the whole file), `header` (the recording's header) and `events`.
Sources: A is the asciinema manual, U the public upstream client, R an RFC, S the seed document,
D a decision of the protocol facts, section 9. A clause of one version of asciicast says so.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How binding a clause is."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Clause(msgspec.Struct, frozen=True):
    """One requirement: what, why, and who says so."""

    id: str
    level: Level
    text: str
    reason: str
    source: str
    binds: str = "recording"


_M, _S = Level.MUST, Level.SHOULD

_TABLE = (
    # --- the whole file -----------------------------------------------------------------------
    Clause(
        "file-1",
        _M,
        "A recording is UTF-8 from its first byte to its last.",
        "Readers refuse, or silently replace, what is not.",
        "R: RFC 8259 §8.1",
    ),
    Clause(
        "file-2",
        _M,
        "The header and every event are strict JSON.",
        "What one lenient reader lets through (NaN, a trailing comma) stops the next one.",
        "R: RFC 8259 §2 to §7",
    ),
    Clause(
        "file-3",
        _M,
        "Every line ends with a line feed, the last one too.",
        "A last line without its end cannot be told from one that was cut off.",
        "U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "file-4",
        _M,
        "A recording does not begin with a byte order mark.",
        "JSON forbids writers to add one, and readers may refuse it.",
        "R: RFC 8259 §8.1",
    ),
    Clause(
        "file-5",
        _M,
        "Strings hold whole characters: no escape stands for one half of a surrogate pair.",
        "Half a pair has no UTF-8 form, so readers refuse it or each make something else of it.",
        "R: RFC 8259 §8.2",
    ),
    Clause(
        "file-6",
        _S,
        "The names within one JSON object are unique.",
        "Which of two equal names counts differs from reader to reader.",
        "R: RFC 8259 §4",
    ),
    Clause(
        "file-7",
        _S,
        "Lines end with a line feed alone, without a carriage return.",
        "The return is mere white space to JSON, but shows that something rewrote the bytes.",
        "A: asciicast v2, newline-delimited JSON",
    ),
    Clause(
        "file-8",
        _M,
        "A recording is not empty: it holds at least its header.",
        "An empty file says neither whose session it was nor that it had no output.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "file-9",
        _M,
        "No line is longer than a reader can be expected to hold: 16 MiB unless told otherwise.",
        "A line that is not read cannot be judged, and JSON lets readers set limits.",
        "R: RFC 8259 §9",
    ),
    Clause(
        "file-10",
        _S,
        "Arrays and objects are nested at most 128 deep.",
        "Readers limit the depth, common ones to 128, and refuse the whole line beyond it.",
        "R: RFC 8259 §9",
    ),
    Clause(
        "file-11",
        _M,
        "asciicast v1 is one JSON object with nothing after it.",
        "Readers of v1 take the file as a single JSON text.",
        "A: asciicast v1",
    ),
    # --- header: every version ----------------------------------------------------------------
    Clause(
        "header-1",
        _M,
        "The first line, by itself, is the header: one JSON object.",
        "Readers take the size of the terminal and the version from it before anything else.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "header-2",
        _M,
        "`version` is the integer of a known version of asciicast; recorders receive version 2.",
        "It decides how everything after it is read.",
        "A: asciicast v2, Header; U: sessionrecording/header.go",
    ),
    Clause(
        "header-3",
        _M,
        "`width` is an integer from 0 to 65535; 0 without a terminal.",
        "Players open a terminal of this size, in sixteen bits.",
        "A: asciicast v2, Header; U: sessionrecording/header.go",
    ),
    Clause(
        "header-4",
        _M,
        "`height` is an integer from 0 to 65535; 0 without a terminal.",
        "Players open a terminal of this size, in sixteen bits.",
        "A: asciicast v2, Header; U: sessionrecording/header.go",
    ),
    Clause(
        "header-5",
        _M,
        "`timestamp` is an integer, not negative: Unix seconds at the start of the recording; "
        "session recordings always have it.",
        "Event times count from it, and nothing else dates the session.",
        "A: asciicast v2, Header; U: sessionrecording/header.go",
    ),
    Clause(
        "header-6",
        _M,
        "`command` and `title`, where present, are strings.",
        "Readers in typed languages refuse the whole header otherwise.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "header-7",
        _M,
        "`env`, where present, maps names to strings.",
        "Readers in typed languages refuse the whole header otherwise.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "header-8",
        _M,
        "`env` of a session recording has `TERM`; only a Kubernetes session may have none at all.",
        "Without the terminal's type the output cannot be interpreted for sure.",
        "U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "header-9",
        _S,
        "No value of `env` is null.",
        "Some writers put null for a variable that is not set, and some readers refuse it.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "header-10",
        _M,
        "`duration` and `idle_time_limit`, where present, are finite numbers, not negative.",
        "They are seconds.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "header-11",
        _M,
        "`theme`, where present, has `fg` and `bg` as #rrggbb and a `palette` of 8 or 16 of them.",
        "Players refuse a theme that is not complete.",
        "A: asciicast v2, theme",
    ),
    # --- header: what session recordings add --------------------------------------------------
    Clause(
        "header-12",
        _M,
        "`srcNode` is a string: the name of the node that the session came from.",
        "A recording that does not say where the session came from is no evidence.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-13",
        _M,
        "`srcNode` is a full name without a trailing dot.",
        "Names are compared as text; the same node must not have two.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-14",
        _M,
        "`srcNodeID` is a string, not empty.",
        "Storage may be laid out by it, and it outlives a change of name.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-15",
        _M,
        "`srcNodeTags`, where present, is a list of strings.",
        "A node has any number of tags.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-16",
        _M,
        "`srcNodeUserID` is an integer and `srcNodeUser` a string, where present.",
        "The one survives a change of login name, the other is for people.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-17",
        _M,
        "Either `srcNodeTags` or both `srcNodeUserID` and `srcNodeUser` are present, never a mix.",
        "A node belongs to its tags or to its user, and the recording must say to which.",
        "U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "header-18",
        _M,
        "`sshUser`, `localUser` and `connectionID` are present and strings.",
        "They say who the session was, on both sides, and which sessions shared a connection.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-19",
        _S,
        "`sshUser`, `localUser` and `connectionID` are empty only in Kubernetes sessions.",
        "An SSH session always has all three.",
        "U: k8s-operator/sessionrecording/hijacker.go",
    ),
    Clause(
        "header-20",
        _M,
        "`kubernetes`, where present, is an object whose `PodName`, `Namespace`, `Container` and "
        "`SessionType` are strings.",
        "They name the container that the session ran in.",
        "U: sessionrecording/header.go",
    ),
    # --- header: v1 and v3 --------------------------------------------------------------------
    Clause(
        "header-21",
        _M,
        "asciicast v3: `term` is an object with `cols` and `rows`, integers from 0 to 65535.",
        "Players open a terminal of this size, in sixteen bits.",
        "A: asciicast v3, Header",
    ),
    Clause(
        "header-22",
        _M,
        "asciicast v3: `term.type`, `term.version`, where present, are strings, "
        "and `tags` is a list of strings.",
        "Readers in typed languages refuse the whole header otherwise.",
        "A: asciicast v3, Header",
    ),
    Clause(
        "header-23",
        _M,
        "asciicast v1: `stdout` is present and a list.",
        "It is the recording itself.",
        "A: asciicast v1, Attributes",
    ),
    Clause(
        "header-24",
        _S,
        "asciicast v1: `duration` is present.",
        "The format lists it among what every recording has, but its reader does without.",
        "A: asciicast v1, Attributes",
    ),
    # --- events -------------------------------------------------------------------------------
    Clause(
        "events-1",
        _M,
        "Every line after the header is an array of exactly three elements: time, code, data.",
        "Readers take them by position.",
        "A: asciicast v2, Event stream",
    ),
    Clause(
        "events-2",
        _M,
        "The time of an event is a finite number of seconds.",
        "Players schedule by it.",
        "A: asciicast v2, Event stream",
    ),
    Clause(
        "events-3",
        _M,
        "The time of an event is not negative.",
        "Times count from the start of the recording, intervals from the event before.",
        "A: asciicast v2, Event stream",
    ),
    Clause(
        "events-4",
        _M,
        "Times never go backwards.",
        "The order of the lines is the order in which things happened.",
        "A: asciicast v2, Event stream",
    ),
    Clause(
        "events-5",
        _M,
        "The code of an event is a string, not empty; unknown codes are allowed.",
        "Players skip the codes that they do not know, but must be able to read them.",
        "A: asciicast v2, Supported event codes",
    ),
    Clause(
        "events-6",
        _M,
        "The data of an event is a string; bare asciicast v2 leaves it open for unknown codes.",
        "Everything that is written to a terminal, or says something of it, is text.",
        "A: asciicast v2, Supported event codes; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "events-7",
        _M,
        "The data of a resize is COLSxROWS, two decimal numbers from 0 to 65535.",
        "Players resize their terminal by it.",
        "A: asciicast v2, r - resize",
    ),
    Clause(
        "events-8",
        _S,
        "A resize names its columns first.",
        "Rows first turns the player's terminal on its side.",
        "A: asciicast v2, r - resize; D4",
    ),
    Clause(
        "events-9",
        _M,
        "Keystrokes (code `i`) are never recorded in a session recording.",
        "They hold passwords that were never shown.",
        "U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "events-10",
        _S,
        "No line of the event stream is blank.",
        "Each line stands for one event; some readers skip a blank one, others stop.",
        "A: asciicast v2, Event stream",
    ),
    Clause(
        "events-11",
        _M,
        "asciicast v3: the data of an exit (code `x`) is the exit status, a decimal integer.",
        "Readers show it as the number that the shell returned.",
        "A: asciicast v3, x - exit",
    ),
    Clause(
        "events-12",
        _S,
        "asciicast v3: an exit (code `x`) is the last event, and there is one at most.",
        "Nothing happens in a session that has ended.",
        "A: asciicast v3, x - exit",
    ),
    Clause(
        "events-13",
        _M,
        "asciicast v1: every frame of `stdout` is an array of a delay and a string; the delay is "
        "a finite number of seconds, not negative.",
        "Readers take them by position.",
        "A: asciicast v1, Frames",
    ),
)

CLAUSES: dict[str, Clause] = {clause.id: clause for clause in _TABLE}
"""All clauses that bind a recording, by ID, in the catalogue's order."""
