"""What mutation testing showed to be held by nothing else (docs/mutation.md).

Most of it is what a vendor reads: for every rule, where the finding points and what it says. The
place is marked in the text itself: ① ② ③ stand before the offending character and are taken out.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance import checking
from conformance.asciicast import (
    CastFinding,
    Event,
    Level,
    Recording,
    Validator,
    check,
    normalise,
    output_text,
    parse,
    read_lines,
    write,
)
from conformance.asciicast.strict import Path, Scanner, integer
from conformance.checking import RIG, Findings, checks, judge
from conformance.history import Event as Noted
from conformance.history import Gap, Left, Shown
from conformance.judgement import Finding, Status
from conformance.replay import LINE_LIMIT, describe
from tests.conformance.histories import recorded

# --- recordings: where a finding points and what it says ------------------------------------------

HEADER = (
    '{"version":2,"width":80,"height":24,"timestamp":1,"env":{"TERM":"x"},"srcNode":"a",'
    '"srcNodeID":"n","srcNodeTags":["tag:x"],"sshUser":"u","localUser":"u","connectionID":"c"}\n'
)
TAGS = '"srcNodeTags":["tag:x"],'
V3 = '{"version":3,"term":{"cols":80,"rows":24}}\n'
THEME = '"fg":"#000000","bg":"#ffffff"'
MARKS = "①②③"


def but(old: str, new: str) -> str:
    """Return the header with one thing changed."""
    assert HEADER.count(old) == 1
    return HEADER.replace(old, new)


def adding(more: str) -> str:
    return HEADER[:-2] + "," + more + "}\n"


def event(line: str) -> str:
    return HEADER + line + "\n"


def v3(line: str) -> str:
    return V3 + line + "\n"


def v1(stdout: str) -> str:
    return '{"version":1,"width":80,"height":24,"duration":1,\n"stdout":' + stdout + "}"


def unmarked(text: str) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """Take the marks out, and return the line and column where each of them stood."""
    places: dict[str, tuple[int, int]] = {}
    plain = ""
    for char in text:
        if char in MARKS:
            places[char] = plain.count("\n") + 1, len(plain) - plain.rfind("\n")
        else:
            plain += char
    return plain.encode(errors="surrogateescape"), places


NO_INTEGER = "is not an integer from 0 to 65535"
PALETTE = "8 or 16 of #rrggbb with colons between"
THREE = "an event is an array of 3 elements, this is"
AGAIN = "the object has this name already"

HEADERS: list[tuple[str, str]] = [
    # The header with marks, and what is found there: one line for each finding.
    (but("80", '①"80"'), f"① header-3 `width` {NO_INTEGER}: 80"),
    (but("80", "①true"), f"① header-3 `width` {NO_INTEGER}: true"),
    (but("80", "①{}"), f"① header-3 `width` {NO_INTEGER}: object"),
    (but("80", "①-1"), f"① header-3 `width` {NO_INTEGER}: -1"),
    (but("80", "①65536"), f"① header-3 `width` {NO_INTEGER}: 65536"),
    (but("80", "①null"), "① header-3 `width` is missing: null"),
    ("①" + but('"width":80,', ""), "① header-3 `width` is missing"),
    (but("24", "①2.5"), f"① header-4 `height` {NO_INTEGER}: 2.5"),
    (but("24", "①65536"), f"① header-4 `height` {NO_INTEGER}: 65536"),
    ("①" + but('"height":24,', ""), "① header-4 `height` is missing"),
    (
        but('"timestamp":1', '"timestamp":①1.5'),
        "① header-5 `timestamp` is not an integer from 0 to 9223372036854775807: 1.5",
    ),
    ("①" + but('"timestamp":1,', ""), "① header-5 `timestamp` is missing"),
    (adding('"command":①1'), "① header-6 `command` is not a string: 1"),
    (adding('"title":①[]'), "① header-6 `title` is not a string: array"),
    (
        but('{"TERM":"x"}', "①1"),
        "① header-7 `env` is not an object: 1\n① header-8 `env` has no `TERM`: 1",
    ),
    (but('"TERM":"x"', '"TERM":"x","A":①1'), "① header-7 a value of `env` is not a string: 1"),
    (
        but('"TERM":"x"', '"TERM":"x","A":①{}'),
        "① header-7 a value of `env` is not a string: object",
    ),
    (but('{"TERM":"x"}', "①{}"), "① header-8 `env` has no `TERM`: object"),
    ("①" + but('"env":{"TERM":"x"},', ""), "① header-8 `env` has no `TERM`"),
    (
        but('{"TERM":"x"}', '②{"TERM":①null}'),
        "① header-9 null in `env`: TERM\n② header-8 `env` has no `TERM`: object",
    ),
    (adding('"duration":①"1"'), "① header-10 `duration` is not a number: 1"),
    (adding('"duration":①-1'), "① header-10 `duration` is not a duration: -1"),
    (adding('"idle_time_limit":①1e999'), "① header-10 `idle_time_limit` is not a duration: 1e999"),
    (adding('"theme":①1'), "① header-11 `theme` is not an object: 1"),
    (
        "①" + adding('"theme":{}'),
        (
            "① header-11 `theme.fg` is missing\n① header-11 `theme.bg` is missing\n"
            "① header-11 `theme.palette` is missing"
        ),
    ),
    (
        "①" + adding('"theme":{"fg":②"red","bg":③1}'),
        (
            "② header-11 `fg` is not #rrggbb: red\n③ header-11 `theme.bg` is not a string: 1\n"
            "① header-11 `theme.palette` is missing"
        ),
    ),
    (
        adding('"theme":{"fg":"#000000","bg":①"white","palette":②"x"}'),
        f"① header-11 `bg` is not #rrggbb: white\n② header-11 `palette` is not {PALETTE}: x",
    ),
    ("①" + but('"srcNode":"a",', ""), "① header-12 `srcNode` is missing"),
    (but('"srcNode":"a"', '"srcNode":①1'), "① header-12 `srcNode` is not a string: 1"),
    (
        but('"srcNode":"a"', '"srcNode":①"a."'),
        "① header-13 not a full name without a trailing dot: a.",
    ),
    (
        but('"srcNode":"a"', '"srcNode":①""'),
        "① header-13 not a full name without a trailing dot",
    ),
    (but('"srcNode":"a"', '"srcNode":①null'), "① header-12 `srcNode` is missing: null"),
    ("①" + but('"srcNodeID":"n",', ""), "① header-14 `srcNodeID` is missing"),
    (but('"n"', "①1"), "① header-14 `srcNodeID` is not a string: 1"),
    (but('"n"', '①""'), "① header-14 `srcNodeID` is empty"),
    (but('["tag:x"]', '①"x"'), "① header-15 `srcNodeTags` is not an array: x"),
    (but('"tag:x"', '"tag:x",①7'), "① header-15 a value of `srcNodeTags` is not a string: 7"),
    (
        but(TAGS, '"srcNodeUserID":①"7","srcNodeUser":②7,'),
        (
            "① header-16 `srcNodeUserID` is not an integer: 7\n"
            "② header-16 `srcNodeUser` is not a string: 7"
        ),
    ),
    (
        but(TAGS, '"srcNodeTags":①["tag:x"],"srcNodeUserID":7,'),
        "① header-17 both tags and a user: array",
    ),
    (
        but(TAGS, '"srcNodeTags":①["tag:x"],"srcNodeUser":"al",'),
        "① header-17 both tags and a user: array",
    ),
    (
        "①" + but(TAGS, '"srcNodeTags":[],'),
        "① header-17 no `srcNodeTags`, and no `srcNodeUserID` and no `srcNodeUser`",
    ),
    (
        "①" + but(TAGS, '"srcNodeUserID":7,'),
        "① header-17 no `srcNodeTags`, and no `srcNodeUser`",
    ),
    (
        "①" + but(TAGS, '"srcNodeUser":"al",'),
        "① header-17 no `srcNodeTags`, and no `srcNodeUserID`",
    ),
    ("①" + but('"sshUser":"u",', ""), "① header-18 `sshUser` is missing"),
    (but('"localUser":"u"', '"localUser":①1'), "① header-18 `localUser` is not a string: 1"),
    (but('"sshUser":"u"', '"sshUser":①""'), "① header-19 `sshUser` is empty"),
    (but('"localUser":"u"', '"localUser":①""'), "① header-19 `localUser` is empty"),
    (but('"c"', '①""'), "① header-19 `connectionID` is empty"),
    (adding('"kubernetes":①1'), "① header-20 `kubernetes` is not an object: 1"),
    *(
        (
            adding(f'"kubernetes":{{"{name}":①1}}'),
            f"① header-20 `kubernetes.{name}` is not a string: 1",
        )
        for name in ("PodName", "Namespace", "Container", "SessionType")
    ),
    (but('"version":2', '"version":①"2"'), "① header-2 `version` is not 1, 2 or 3: 2"),
    (but('"version":2', '"version":①4'), "① header-2 `version` is not 1, 2 or 3: 4"),
    ("①" + but('"version":2,', ""), "① header-2 `version` is not 1, 2 or 3"),
    # asciicast v3
    ('①{"version":3}\n', "① header-21 `term` is missing"),
    (
        '②{"version":3,"term":①1}\n',
        (
            "① header-21 `term` is not an object: 1\n② header-21 `term.cols` is missing\n"
            "② header-21 `term.rows` is missing"
        ),
    ),
    (
        '{"version":3,"term":{"cols":①"80","rows":②65536}}\n',
        f"① header-21 `term.cols` {NO_INTEGER}: 80\n② header-21 `term.rows` {NO_INTEGER}: 65536",
    ),
    (
        '{"version":3,"term":{"cols":1,"rows":1,"type":①1,"version":②1,"theme":③1}}\n',
        (
            "① header-22 `term.type` is not a string: 1\n"
            "② header-22 `term.version` is not a string: 1\n"
            "③ header-11 `term.theme` is not an object: 1"
        ),
    ),
    (V3[:-2] + ',"tags":①"a"}\n', "① header-22 `tags` is not an array: a"),
    (V3[:-2] + ',"tags":["a",①1]}\n', "① header-22 a value of `tags` is not a string: 1"),
    (V3[:-2] + ',"title":①1}\n', "① header-6 `title` is not a string: 1"),
    # asciicast v1
    (
        '①{"version":1,"width":80,"height":②"24","stdout":[]}',
        f"② header-4 `height` {NO_INTEGER}: 24\n① header-24 `duration` is missing",
    ),
    ('①{"version":1,"width":1,"height":1,"duration":1}', "① header-23 `stdout` is missing"),
    (
        '{"version":1,"width":1,"height":1,"duration":①null,"stdout":[]}',
        "① header-24 `duration` is missing: null",
    ),
    (v1('①"x"'), "① header-23 `stdout` is not an array: x"),
    (v1('[①"x"]'), "① events-13 a frame is not an array: x"),
    (
        v1("[①{②}]"),
        "① events-13 a frame is not an array: object\n② events-13 a frame of 0 elements, not 2",
    ),
    (v1("[[1①]]"), "① events-13 a frame of 1 elements, not 2"),
    (v1('[[1,"x",2①]]'), "① events-13 a frame of 3 elements, not 2"),
    (v1('[[①"1","x"]]'), "① events-13 the delay is not a number: 1"),
    (v1('[[①[1,2],"x"]]'), "① events-13 the delay is not a number: array"),
    (v1('[[①1e999,"x"]]'), "① events-13 the delay is not finite: 1e999"),
    (v1('[[①-1,"x"]]'), "① events-13 the delay is negative: -1"),
    (v1("[[1,①null]]"), "① events-13 the data is not a string: null"),
    (v1("[[1,①{}]]"), "① events-13 the data is not a string: object"),
    (v1('[[0,"x"],\n[0,"x"],\n[1,①7]]'), "① events-13 the data is not a string: 7"),
]

FILES: list[tuple[str, str]] = [
    (event('[1,"o","①\udcff"]'), "① file-1 not UTF-8 (invalid start byte): ff 22 5d"),
    (
        event('[1,"o","①\udcff' + "a" * 30 + '"]'),
        "① file-1 not UTF-8 (invalid start byte): ff" + " 61" * 19,
    ),
    (adding('"command":"①\udcff"'), "① file-1 not UTF-8 (invalid start byte): ff 22 7d"),
    (
        v1("[]") + "\n①\udcff",
        "① file-1 not UTF-8 (invalid start byte): ff\n① file-11 something after the object: \ufffd",
    ),
    (v3("# ①\udcff"), "① file-1 not UTF-8 (invalid start byte): ff"),
    (event('[1,"o","x",①]'), "① file-2 a comma or colon with nothing after it: ]"),
    (event('[1,"o","x"①}'), "① file-2 expected a comma or the end of the array or object: }"),
    (event("[{①]}]"), "① file-2 expected a name in double quotes or }: ]}]"),
    (event("[①}"), "① file-2 a comma or colon with nothing after it: }"),
    (event('[{"a":1①]}'), "① file-2 expected a comma or the end of the array or object: ]}"),
    (event('{"a":1,①}'), "① file-2 a comma with nothing after it: }"),
    (event('{"a":1,①1}'), "① file-2 expected a name in double quotes: 1}"),
    (event("{①1}"), "① file-2 expected a name in double quotes or }: 1}"),
    (event('{"a"①1}'), "① file-2 expected :: 1}"),
    (event('{"a":①,}'), "① file-2 expected a value: ,}"),
    (event("[①,]"), "① file-2 expected a value or ]: ,]"),
    (event("[①:]"), "① file-2 expected a value or ]: :]"),
    (event("[1①:]"), "① file-2 expected a comma or the end of the array or object: :]"),
    (event("[1]①x"), "① file-2 the JSON is complete, but something follows it: x"),
    (event("[1]①]"), "① file-2 the JSON is complete, but something follows it: ]"),
    (event("[①NaN]"), "① file-2 NaN and Infinity are no JSON: NaN]"),
    (event("[①Infinity]"), "① file-2 NaN and Infinity are no JSON: Infinity]"),
    (event("[①'1']"), "① file-2 strings are in double quotes: '1']"),
    (event("[①tru]"), "① file-2 expected a value or ]: tru]"),
    (event("[1,①truer]"), "① file-2 expected a value: truer]"),
    (event("[①-]"), "① file-2 a minus sign without a number: -]"),
    (event("①X"), "① file-2 expected a value: X"),
    (event("①\x0b"), "① file-2 expected a value: \\x0b"),
    (event("[①X]"), "① file-2 expected a value or ]: X]"),
    (event("[1①X]"), "① file-2 expected a comma or the end of the array or object: X]"),
    (event("{①X}"), "① file-2 expected a name in double quotes or }: X}"),
    (event('{"a":1,①X}'), "① file-2 expected a name in double quotes: X}"),
    (event('①\ufeff[1,"o","x"]'), '① file-2 expected a value: \\ufeff[1,"o","x"]'),
    (event("[①1e]"), "① file-2 not a number of JSON: 1e]"),
    (event("[①1E]"), "① file-2 not a number of JSON: 1E]"),
    (
        # One event on two lines, and two on one: the decoder of whole blocks forgives both.
        event('[1,①\n"o"②,"x"]'),
        (
            "① file-2 the line ends before the event does\n"
            '② file-2 the JSON is complete, but something follows it: ,"x"]'
        ),
    ),
    (
        event('[1,"o","x"]①[2,"o","x"]'),
        '① file-2 the JSON is complete, but something follows it: [2,"o","x"]',
    ),
    (
        # A header that is not alone on its line may be of v1, unless it has said otherwise.
        '\n{"version":2,①x\n[1,②"i","x"]\n',
        "① file-2 expected a name in double quotes: x\n② events-9 a keystroke was recorded: i",
    ),
    ('{\n①x\n[1,"i","x"]\n', "① file-2 expected a name in double quotes or }: x"),
    (event("[①01]"), "① file-2 a number with leading zeros: 01]"),
    (event("[①1.e]"), "① file-2 not a number of JSON: 1.e]"),
    (event("[①1-2]"), "① file-2 not a number of JSON: 1-2]"),
    (event('[1,①"o'), '① file-2 the string has no end on its line: "o'),
    (event('[1,"o","①\t"]'), '① file-2 U+0009 must be escaped in a string: \\t"]'),
    (event('[1,"o","①\\x"]'), '① file-2 no such escape: \\x"]'),
    (event('[1,"o","①\\u12g4"]'), '① file-2 no such escape: \\u12g4"]'),
    (event('[1,"o","x"①'), "① file-2 the line ends before the event does"),
    (
        event("[1]①" + "y" * 60),
        "① file-2 the JSON is complete, but something follows it: " + "y" * 60,
    ),
    (
        event("[1]①" + "y" * 61),
        "① file-2 the JSON is complete, but something follows it: " + "y" * 60 + "…",
    ),
    (
        '{"version":2,②"version":2,①' + "y" * 61 + "\n" + '[1,③"i","x"]\n',
        "① file-2 expected a name in double quotes: " + "y" * 60 + "…\n"
        f"② file-6 {AGAIN}: version\n③ events-9 a keystroke was recorded: i",
    ),
    ("①{\n", "① file-2 the recording ends before its header does"),
    ('①{"version":1,\n', "① file-2 the recording ends before its header does"),
    (
        '{"version":1,②"version":1,\n①"width":1',
        f"② file-6 {AGAIN}: version\n① file-2 the recording ends before its header does",
    ),
    (event('[1,"o","x"]①').removesuffix("\n"), "① file-3 the last line has no line feed"),
    (HEADER[:-1] + "①", "① file-3 the last line has no line feed"),
    ("①\ufeff" + HEADER, "① file-4 a byte order mark"),
    (event('[1,"o","①\\ud800"]'), "① file-5 half of a surrogate pair: \\ud800"),
    (event('[1,"o","①\\uDC00"]'), "① file-5 half of a surrogate pair: \\uDC00"),
    (event('[1,"o","①\\ud83d\\u0041"]'), "① file-5 half of a surrogate pair: \\ud83d"),
    (event('[1,"o","①\\ud83d\\ue000"]'), "① file-5 half of a surrogate pair: \\ud83d"),
    (event('[1,"o","①\\ud83d udc00"]'), "① file-5 half of a surrogate pair: \\ud83d"),
    (
        event('[1,"o","①\\udc00②\\udc00"]'),
        "① file-5 half of a surrogate pair: \\udc00\n② file-5 half of a surrogate pair: \\udc00",
    ),
    (
        event('[1,"o","①\\ud83dx②\\ude00"]'),
        "① file-5 half of a surrogate pair: \\ud83d\n② file-5 half of a surrogate pair: \\ude00",
    ),
    (adding('"command":"①\\udfff"'), "① file-5 half of a surrogate pair: \\udfff"),
    (adding('①"width":80'), f"① file-6 {AGAIN}: width"),
    (adding('"x":[{"a":1},{"a":1,①"a":1}]'), f"① file-6 {AGAIN}: a"),
    (event('[1,"o","x"]①\r'), "① file-7 a carriage return before the line feed"),
    (HEADER[:-1] + "①\r\n", "① file-7 a carriage return before the line feed"),
    ("①", "① file-8 there is no header"),
    ("\n①\n", "① file-8 there is no header"),
    (
        adding('"x":' + "[" * 127 + "①[②[]]" + "]" * 127).replace("②", ""),
        "① file-10 nested deeper than 128",
    ),
    (v1("[]") + "\n①\x0b", "① file-11 something after the object: \\x0b"),
    (v1("[]") + "\n①{}\n{}", "① file-11 something after the object: {}"),
    (
        "①# a comment\n②" + HEADER,
        (
            "① header-1 a comment comes before the header: # a comment\n"
            "② header-1 the header is not on the first line, by itself"
        ),
    ),
    ("\n ①" + HEADER, "① header-1 the header is not on the first line, by itself"),
    (' ①"x"\n', "① header-1 the first line is not a header, which is a JSON object: string"),
    (
        '①[1,②"i","x"]\n[③0,"o","x"]\n',
        (
            "① header-1 the first line is not a header, which is a JSON object: array\n"
            "② events-9 a keystroke was recorded: i\n③ events-4 the time goes back from 1.0 to: 0"
        ),
    ),
    (
        '①[1,"o","x"]②\r\n',
        (
            "① header-1 the first line is not a header, which is a JSON object: array\n"
            "② file-7 a carriage return before the line feed"
        ),
    ),
    (
        ' ①{"version":2,②"version":2,\n[1,③"i","x"]\n',
        (
            "① header-1 the header does not end on its line\n"
            f"② file-6 {AGAIN}: version\n③ events-9 a keystroke was recorded: i"
        ),
    ),
]

EVENTS: list[tuple[str, str]] = [
    (event("①[]"), f"① events-1 {THREE} 0 elements: []"),
    (event('①[1,"o"]'), f'① events-1 {THREE} 2 elements: [1,"o"]'),
    (event('①[1,"o","x",4]'), f'① events-1 {THREE} 4 elements: [1,"o","x",4]'),
    (event(" ①{}"), f"① events-1 {THREE} a JSON object:  {{}}"),
    (event("①7"), f"① events-1 {THREE} a JSON number: 7"),
    (event('[①"1","o","x"]'), "① events-2 the time is not a number: 1"),
    (event('[①[7],"o","x"]'), "① events-2 the time is not a number: array"),
    (event('[①{},"o","x"]'), "① events-2 the time is not a number: object"),
    (event('[①1e999,"o","x"]'), "① events-2 the time is not finite: 1e999"),
    (event('[①-1,"o","x"]'), "① events-3 the time is negative: -1"),
    (v3('[①-1,"o","x"]'), "① events-3 the time is negative: -1"),
    (event('[2,"o","x"]\n[①1,"o","x"]'), "① events-4 the time goes back from 2.0 to: 1"),
    (
        event('[2,①"i","x"]\n[②1,"o","x"]\n[1,"o","x"]'),
        "① events-9 a keystroke was recorded: i\n② events-4 the time goes back from 2.0 to: 1",
    ),
    (event('[1,①"","x"]'), "① events-5 the code is not a string of any length: string"),
    (event('[1,①null,"x"]'), "① events-5 the code is not a string of any length: null"),
    (event('[1,①7,"x"]'), "① events-5 the code is not a string of any length: 7"),
    (event('[1,"o",①null]'), "① events-6 the data is not a string: null"),
    (event('[1,"z",①{}]'), "① events-6 the data is not a string: object"),
    (event('[1,"r",①80]'), "① events-6 the data is not a string: 80"),
    (event('[1,"r",①"80x"]'), "① events-7 a resize that is not COLSxROWS: 80x"),
    (event('[1,"r",①"65536x1"]'), "① events-7 a resize that is not COLSxROWS: 65536x1"),
    (event('[1,"r",①"1x65536"]'), "① events-7 a resize that is not COLSxROWS: 1x65536"),
    (event('[1,"r",①"24x80"]'), "① events-8 a resize that seems to name its rows first: 24x80"),
    (
        # After a resize that was explained, the next one is held against it.
        event('[1,"r",①"24x80"]\n[2,"r",②"80x24"]'),
        (
            "① events-8 a resize that seems to name its rows first: 24x80\n"
            "② events-8 a resize that seems to name its rows first: 80x24"
        ),
    ),
    (
        event('[1,"r","90x30"]\n[2,①"i",""]\n[3,"r",②"30x90"]'),
        (
            "① events-9 a keystroke was recorded: i\n"
            "② events-8 a resize that seems to name its rows first: 30x90"
        ),
    ),
    (v3('[1,"r",①"24x80"]'), "① events-8 a resize that seems to name its rows first: 24x80"),
    (event('[1,①"i","x"]'), "① events-9 a keystroke was recorded: i"),
    (event("①"), "① events-10 a blank line"),
    (event("①\t "), "① events-10 a blank line"),
    (v3('[1,"x",①"one"]'), "① events-11 not an exit status: one"),
    (v3('[1,"x",①7]'), "① events-6 the data is not a string: 7"),
    (v3('[1,"x","0"]\n[1,①"o","x"]'), "① events-12 an event after the exit: o"),
]


@pytest.mark.parametrize(("marked", "said"), [*HEADERS, *FILES, *EVENTS])
def test_a_finding_points_at_the_place_and_says_what_is_wrong(marked: str, said: str) -> None:
    data, places = unmarked(marked)
    expected = [(*places[line[0]], *line[2:].split(" ", 1)) for line in said.split("\n")]
    seen = [(f.line, f.column, f.clause, f.message) for f in check(data)]
    assert seen == [(line, column, clause, message) for line, column, clause, message in expected]


@pytest.mark.parametrize(
    "recording",
    [
        # At the edge of each rule, in the header, where nothing takes the fast way.
        adding('"command":"\\ud7ff\\ue000\\ud83d\\ude00\\uDBFF\\udFFF\\ud800\\udc00\\u001b"'),
        adding('"x":' + "[" * 127 + "]" * 127),
        adding('"x":[-0,0.5,-1e5,1E+5,1.5e-05,true,false,null,"\\"\\\\\\/\\b\\f\\n\\r\\t"]'),
        adding(f'"theme":{{{THEME},"palette":"' + ":".join(["#aB09fF"] * 8) + '"}'),
        adding(f'"theme":{{{THEME},"palette":"' + ":".join(["#aB09fF"] * 16) + '"}'),
        adding('"duration":0,"idle_time_limit":0'),
        but("80", "0"),
        but("80", "65535"),
        but("24", "0"),
        but('"timestamp":1', '"timestamp":0'),
        but(TAGS, '"srcNodeUserID":7,"srcNodeUser":"al",'),
        but(TAGS, '"srcNodeTags":[],"srcNodeUserID":7,"srcNodeUser":"al",'),
        v3("# a comment") + '[0,"o","x"]\n[1,"x","-1"]\n# the end\n',
        V3 + '[1,"o","x"]',  # the last line of v3 may go without its line feed
        v1('[[0,"x"],[1.5,""]]'),
        event('[1,"r","0x0"]\n[2,"r","65535x65535"]'),
        # A shape that a Kubernetes session would not have is nothing special elsewhere.
        event('[1,"r","30x90"]'),
    ],
)
def test_what_is_just_within_the_rules_is_kept(recording: str) -> None:
    assert check(recording.encode()) == []


def test_a_byte_order_mark_is_looked_for_on_the_first_line_only() -> None:
    data = ("x" * 300 + "\n" + "\ufeff" + '[1,"o","x"]\n').encode()
    findings = check(data, line_limit=200)
    assert [(f.clause, f.line, f.column) for f in findings] == [
        ("file-9", 1, 201),
        ("file-2", 2, 1),
    ]
    assert findings[0].message == "a line of 300 bytes, more than 200; it was not judged"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_length_of_a_line_that_is_too_long_is_told_however_it_comes(size: int) -> None:
    data = HEADER.encode() + b"x" * 300 + b"\n" + b"y" * 250
    validator = Validator(line_limit=200)
    findings = []
    for begin in range(0, len(data), size):
        findings += validator.feed(data[begin : begin + size])
    findings += validator.finish()
    assert [(f.clause, f.line, f.column, f.message) for f in findings] == [
        ("file-9", 2, 201, "a line of 300 bytes, more than 200; it was not judged"),
        ("file-9", 3, 201, "a line of 250 bytes, more than 200; it was not judged"),
    ]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_of_exactly_the_limit_is_read_however_it_comes(size: int) -> None:
    line = b'[1,"o","' + b"x" * 190 + b'"]'
    data = HEADER.encode() + line + b"\n"
    assert len(line) == 200
    validator = Validator(line_limit=200)
    for begin in range(0, len(data), size):
        assert validator.feed(data[begin : begin + size]) == []
    assert validator.finish() == []
    assert validator.lines == 2


def test_the_line_after_one_that_is_a_byte_too_long_is_judged() -> None:
    data = HEADER.encode() + b"x" * 201 + b'\n[1,"i","x"]\n'
    assert [(f.clause, f.line) for f in check(data, line_limit=200)] == [
        ("file-9", 2),
        ("events-9", 3),
    ]


def test_frames_after_a_line_too_long_are_not_judged_as_events() -> None:
    data = b'{"version":1,\n' + b"x" * 99 + b'\n[1,"i","x"]\n'
    assert [f.clause for f in check(data, line_limit=50)] == ["file-9"]


def test_bare_asciicast_is_asked_for_less() -> None:
    plain = b'{"version":2,"width":80,"height":24}\n'
    taken = b'[1,"i","x"]\n[2,"z",{}]\n[3,"r","30x90"]\n[4,"x","one"]\n[4,"o","x"]'
    assert check(plain + taken, plain=True) == []
    found = check(plain + b'[1,"m",{}]\n[2,"r","24x80"]\n\n', plain=True)
    assert [(f.clause, f.line) for f in found] == [
        ("events-6", 2),
        ("events-8", 3),
        ("events-10", 4),
    ]


def test_a_finding_becomes_a_finding_of_a_judgement() -> None:
    (must,) = check(event("x").encode())
    assert must == CastFinding(
        line=2, column=1, clause="file-2", level=Level.MUST, message="expected a value: x"
    )
    assert must.judged() == Finding(
        clause="file-2", status=Status.FAIL, message="line 2, column 1: expected a value: x"
    )


def test_what_goes_beyond_the_bound_is_counted_and_the_last_one_named() -> None:
    validator = Validator(most=2)
    data = HEADER + '[1,"i","x"]\n' * 5 + "\n"
    told = validator.feed(data.encode())
    assert [(f.clause, f.line) for f in told] == [
        ("events-9", 2),
        ("events-9", 3),
        ("events-10", 7),
    ]
    (last,) = validator.finish()
    assert (last.clause, last.line, last.column) == ("events-9", 6, 4)
    assert last.message == "3 more of these, the last one here"


def test_at_the_bound_nothing_is_left_to_count() -> None:
    validator = Validator(most=2)
    assert len(validator.feed(event('[1,"i","x"]\n[1,"i","x"]').encode())) == 2
    assert validator.finish() == []


def test_what_the_header_counted_is_counted_on() -> None:
    frames = b",".join([b'[-1,"x"]'] * 6)
    data = b'{"version":1,"width":1,"height":1,"duration":1,"stdout":[' + frames + b"]}"
    validator = Validator(most=2)
    findings = validator.feed(data) + validator.finish()
    assert [f.clause for f in findings] == ["events-13"] * 3
    assert findings[-1].message == "4 more of these, the last one here"
    assert findings[-1].column == data.rfind(b"-1") + 1


# --- strict JSON: what a reader is told -----------------------------------------------------------


class Told:
    """Writes down what the scanner tells."""

    def __init__(self, *pieces: str) -> None:
        self.values: list[tuple[Path, str, str, int]] = []
        self.ends: list[tuple[Path, int, int]] = []
        self.flaws: list[tuple[str, int, str]] = []
        self.scanner = Scanner(self)
        for piece in pieces:
            self.scanner.feed(piece)

    def value(self, path: Path, kind: str, text: str, index: int) -> None:
        self.values.append((path, kind, text, index))

    def closed(self, path: Path, count: int, index: int) -> None:
        self.ends.append((path, count, index))

    def flaw(self, clause: str, index: int, message: str, text: str) -> None:
        self.flaws.append((clause, index, text))


def test_a_reader_is_told_of_every_value_with_its_path_and_place() -> None:
    told = Told('{"a": [1, "x\\n"], "b": {"c": null}, "d": true}')
    assert told.values == [
        ((), "object", "", 0),
        (("a",), "array", "", 6),
        (("a", 0), "number", "1", 7),
        (("a", 1), "string", "x\n", 10),
        (("b",), "object", "", 23),
        (("b", "c"), "null", "null", 29),
        (("d",), "boolean", "true", 41),
    ]
    assert told.ends == [(("a",), 2, 15), (("b",), 1, 33), ((), 3, 45)]
    assert told.scanner.done


def test_a_text_may_come_in_pieces() -> None:
    told = Told("", " ", "[", "1,", "2", "]", " ")
    assert [(path, index) for path, _, _, index in told.values] == [((), 0), ((0,), 0), ((1,), 0)]
    assert told.ends == [((), 2, 0)]
    begun = Scanner(Told())
    begun.feed(" ")
    assert (begun.started, begun.done) == (False, False)
    begun.feed("[")
    assert (begun.started, begun.done) == (True, False)
    begun.feed("]")
    assert (begun.started, begun.done) == (True, True)


def test_a_reader_is_told_of_values_six_containers_deep_and_no_deeper() -> None:
    told = Told("[[[[[[1,[2,[]],3]]]]]]")
    assert [(path, text) for path, kind, text, _ in told.values if kind == "number"] == [
        ((0, 0, 0, 0, 0, 0), "1"),
        ((0, 0, 0, 0, 0, 2), "3"),
    ]
    assert told.values[6:8] == [
        ((0, 0, 0, 0, 0, 0), "number", "1", 6),
        ((0, 0, 0, 0, 0, 1), "array", "", 8),
    ]
    assert [count for _, count, _ in told.ends] == [3, 1, 1, 1, 1, 1]


def test_equal_names_are_found_six_containers_deep_and_no_deeper() -> None:
    twice = '{"k":1,"k":2}'
    six = Told('{"a":' * 5 + twice + "}" * 5)
    assert six.flaws == [("file-6", 5 * 5 + 7, "k")]
    assert Told('{"a":' * 6 + twice + "}" * 6).flaws == []


@pytest.mark.parametrize(("names", "flaws"), [(4096, 1), (4097, 0)])
def test_equal_names_are_looked_for_among_the_first_4096(names: int, flaws: int) -> None:
    members = ",".join(f'"n{number}":0' for number in range(names))
    assert len(Told(f'{{{members},"n{names - 1}":0}}').flaws) == flaws


@pytest.mark.parametrize(("length", "flaws"), [(4093, 1), (4094, 0)])
def test_equal_names_are_looked_for_where_they_are_kept_whole(length: int, flaws: int) -> None:
    name = "n" * length
    assert len(Told(f'{{"{name}":0,"{name}":0}}').flaws) == flaws


def test_a_string_is_clipped_at_4095_characters_and_then_not_decoded() -> None:
    def text(inside: str) -> str:
        (value,) = Told(f'"{inside}"').values
        return value[2]

    assert text("x" * 4094) == "x" * 4094
    assert text("x" * 4092 + "\\n") == "x" * 4092 + "\n"
    assert text("x" * 4093 + "\\n") == "x" * 4093 + "\\n"
    assert text("x" * 5000) == "x" * 4095
    assert text("\\ud800") == "\\ud800"  # it has no decoded form


def test_too_deep_is_told_once_for_each_way_down() -> None:
    deep = "[" * 127 + "[[1]],[[2]]" + "]" * 127
    assert [(clause, index) for clause, index, _ in Told(deep).flaws] == [
        ("file-10", 128),
        ("file-10", 134),
    ]


def test_integers_have_no_fraction_and_at_most_19_digits() -> None:
    assert [integer(text) for text in ("0", "-0", "-7", "65535")] == [0, 0, -7, 65535]
    assert integer("9" * 19) == int("9" * 19)
    assert [integer(text) for text in ("9" * 20, "1.0", "1e3", "01", "", "x")] == [None] * 6


# --- recordings as data ---------------------------------------------------------------------------


def test_what_is_written_of_each_version() -> None:
    seen = [Event(0.5, "o", "a"), Event(2.0, "r", "90x30")]
    v2 = Recording(version=2, header={"version": 2}, events=seen)
    assert write(v2) == b'{"version":2}\n[0.5,"o","a"]\n[2.0,"r","90x30"]\n'
    v3 = Recording(version=3, header={"version": 3}, events=seen)
    assert write(v3) == b'{"version":3}\n[0.5,"o","a"]\n[1.5,"r","90x30"]\n'
    v1 = Recording(version=1, header={"version": 1}, events=seen)
    assert write(v1) == b'{"version":1,"stdout":[[0.5,"a"],[1.5,"90x30"]]}\n'


def test_of_an_unknown_version_events_are_read_as_of_v2() -> None:
    recording = parse(b'{"version":4}\n[1,"o","x"]\n[2,"o","y"]\n')
    assert recording.version == 2
    assert [event.time for event in recording.events] == [1.0, 2.0]
    assert [parse(b'{"version":%d}\n' % version).version for version in (1, 2, 3)] == [1, 2, 3]


def test_only_v1_is_read_as_a_whole_before_its_first_event() -> None:
    taken = []

    def lines() -> Iterator[bytes]:
        for line in (b'{"version":2}', b'[1,"o","x"]', b"nonsense"):
            taken.append(line)
            yield line

    items = read_lines(lines())
    assert next(items) == (1, {"version": 2})
    assert len(taken) == 1
    assert list(items) == [(2, Event(1.0, "o", "x")), (3, None)]


def test_nothing_is_read_of_nothing() -> None:
    assert list(read_lines([])) == []
    assert list(read_lines([b"", b"", b'[1,"o","x"]'])) == [(3, Event(1.0, "o", "x"))]


def test_all_of_v1_stands_on_its_first_line() -> None:
    assert list(read_lines([b'{"version":1,', b'"stdout":[[1,"a"]]}'])) == [
        (1, {"version": 1}),
        (1, Event(1.0, "o", "a")),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"version":1,', b'"width":1}'],  # without its frames
        [b'{"version":2,', b'"stdout":[]}'],  # frames belong to v1 alone
        [b'{"stdout":[],', b'"width":1}'],
    ],
)
def test_what_is_not_v1_is_not_read_as_a_whole(lines: list[bytes]) -> None:
    assert list(read_lines(lines)) == [(1, None), (2, None)]


def test_output_is_joined_without_anything_between() -> None:
    seen = [Event(0, "o", "a"), Event(1, "i", "b"), Event(2, "o", "c")]
    assert output_text(Recording(version=2, header={}, events=seen)) == "ac"


def test_a_run_of_replacement_characters_becomes_one() -> None:
    assert normalise("a\ufffd\ufffdb\ufffd") == "a\ufffdb\ufffd"


# --- verdicts -------------------------------------------------------------------------------------

MUST, SHOULD = "machine-1", "acks-2"


def test_a_checker_is_quoted_word_for_word() -> None:
    out = Findings()
    out.broken(MUST, "b", "seen", session="s1")
    out.expect(SHOULD, False, "e", 1, session="s2")
    out.unknown(MUST, "u", "seen", session="s3")
    out.void(SHOULD, "v", "seen", session="s4")
    out.unseen(MUST, "w", session="s5")
    one, error = ("seen",), Status.ERROR
    assert out.findings == [
        Finding(clause=MUST, status=Status.FAIL, message="b", evidence=one, session="s1"),
        Finding(clause=SHOULD, status=Status.WARN, message="e", evidence=("1",), session="s2"),
        Finding(clause=MUST, status=error, message="u", evidence=one, session="s3"),
        Finding(clause=SHOULD, status=error, message="v", evidence=one, session="s4", void=True),
        Finding(clause=MUST, status=Status.SKIP, message="w", session="s5"),
    ]


def test_a_checker_need_not_speak_of_a_session() -> None:
    out = Findings()
    out.broken(MUST, "b")
    out.expect(MUST, False, "e")
    out.unknown(MUST, "u")
    out.void(MUST, "v")
    out.unseen(MUST, "w")
    assert [finding.session for finding in out.findings] == [""] * 5


def test_a_checker_is_registered_with_its_clauses(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[object] = []
    monkeypatch.setattr(checking, "_CHECKERS", registered)

    def checker(view: object, out: Findings) -> None:
        """Look at nothing."""

    assert checks(MUST, SHOULD)(checker) is checker
    assert registered == [(checker, (MUST, SHOULD))]


def test_a_judgement_names_its_scenario_and_how_long_it_took() -> None:
    telling = recorded().but(title="What was played")
    assert telling.judged().title == "What was played"
    times = (7_000_000_000, 9_500_000_000, 8_000_000_000)
    history = tuple(Noted("user", seq, at, Gap(reason="x")) for seq, at in enumerate(times))
    assert judge(None, history).duration_s == 2.5


def test_nothing_checked_is_said_of_the_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "checkers", lambda: iter(()))
    judgement = recorded().judged()
    assert (judgement.status, judgement.clauses, judgement.transitions) == (
        Status.ERROR,
        (),
        recorded().judged().transitions,
    )
    assert judgement.findings == (
        Finding(clause=RIG, status=Status.ERROR, message="nothing could be checked"),
    )


def test_a_line_of_exactly_the_limit_is_not_shortened() -> None:
    begins = "server 9 left session="
    whole = "x" * (LINE_LIMIT - len(begins))
    assert describe(Noted("server", 9, 0, Left(session=whole))) == begins + whole
    cut = describe(Noted("server", 9, 0, Left(session=whole + "y")))
    assert cut == begins + whole[:-1] + "…"


def test_bytes_are_described_as_such() -> None:
    line = describe(Noted("user", 1, 0, Shown(session="s1", data=b"\x1b[0m")))
    assert line == "user 1 shown session=s1 data=b'\\x1b[0m' stream=stdout"
