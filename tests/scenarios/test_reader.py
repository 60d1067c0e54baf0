"""Scenario files: what is wrong is said in one line with file, line and field."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from scenarios.plain_yaml import MAX_VALUES, YamlError, parse, parse_shipped
from scenarios.reader import (
    LIBRARY,
    MAX_BYTES,
    UnknownScenarioError,
    UnreadableScenarioError,
    library,
    load,
    read,
    select,
    to_yaml,
)

FAULTS = frozenset(vocabulary())
SCENARIOS = library(FAULTS)

GOOD = """\
title: A good one
recorders:
  - name: rec1
  - {name: rec2, speaks: v1}
action:
  record: [rec1, rec2]
sessions:
  - name: s1
    pty: {width: 80, height: 24}
    steps:
      - type: "exit\\n"
      - wait:
          event: shown
          where: {session: s1}
          plus: 0.5
faults:
  - fault: killed
    node: rec1
    at: {event: handed}
    lasts: 2
expect:
  - session: s1
    path: [Connecting, CheckPolicy]
    exit: nonzero
    attempts: [{recorder: rec1}]
    notices: [2]
    recording: prefix
    recorded_by: rec1
deadline: 30
"""


def good(old: str = "", new: str = "") -> bytes:
    """The good scenario with one thing changed."""
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new, 1).encode()


def error(data: bytes) -> str:
    with pytest.raises(UnreadableScenarioError) as caught:
        read(data, "x.yaml", FAULTS)
    message = str(caught.value)
    assert message.isprintable()  # so it is one line, and harmless to a terminal
    assert re.match(r"x\.yaml:\d+: [^:]+: .", message), message
    return message


def test_the_good_one_is_good() -> None:
    scenario = read(good(), "x.yaml", FAULTS)
    assert scenario.title == "A good one"
    assert [node.name for node in scenario.recorders] == ["rec1", "rec2"]


# What is changed, to what, the field that is named, and a word of the message.
WRONG: dict[str, tuple[str, str, str, str]] = {
    "an unknown key": ("deadline: 30", "dead-line: 30", "dead-line", "unknown field"),
    "an unknown key inside": ("    lasts: 2", "    last: 2", "faults[0].last", "unknown"),
    "a key that is missing": ("title: A good one\n", "", "file", "title"),
    "a key that is missing inside": (
        "    path: [Connecting, CheckPolicy]\n",
        "",
        "expect[0]",
        "path",
    ),
    "text for a number": ("deadline: 30", "deadline: soon", "deadline", "float"),
    "text for a list": ("notices: [2]", "notices: 2", "expect[0].notices", "array"),
    "a word that is none of the choices": ("speaks: v1", "speaks: v3", "recorders[1].speaks", "v3"),
    "a state that does not exist": (
        "CheckPolicy",
        "CheckPolice",
        "expect[0].path[1]",
        "CheckPolice",
    ),
    "on is a word": ("lasts: 2", "lasts: on", "faults[0].lasts", "got `str`"),
    "a key called on": ("    node: rec1", "    on: rec1", "faults[0].on", "unknown"),
    "a number for a word": ("title: A good one", "title: 1", "title", "str"),
    "a value that is no word": ("where: {session: s1}", "where: {session: [s1]}", "", "where"),
    "an empty title": ("title: A good one", "title: ''", "title", "needs a title"),
    "a name twice": ("name: rec2", "name: rec1", "recorders[1]", "two of"),
    "no name": ("name: rec2", "name: ''", "recorders[1]", "needs a name"),
    "a path for a name": ("name: rec2", "name: ../up", "recorders[1].name", "cannot be"),
    "a name that is taken": ("name: rec2", "name: s3", "recorders[1].name", "cannot be"),
    "an unknown recorder": ("record: [rec1, rec2]", "record: [rec1, rec9]", "action", "rec9"),
    "an unknown recorder later on": (
        "deadline: 30",
        "then: [{record: [rec9]}]",
        "then[0].record[0]",
        "rec9",
    ),
    "both action and policy": ("action:", "policy: '{}'\naction:", "action", "either"),
    "a script that v2 has not": (
        "- name: rec1",
        "- {name: rec1, script: {does: early-200}}",
        "recorders[0].script.does",
        "v1 only",
    ),
    "a script that v1 has not": (
        "speaks: v1",
        "speaks: v1, script: {does: no-acks}",
        "recorders[1].script.does",
        "v2 only",
    ),
    "a refusal that is none": (
        "speaks: v1",
        "speaks: v1, script: {does: refuse, status: 200}",
        "recorders[1].script.status",
        "between",
    ),
    "a command that is not run": (
        "    pty:",
        "    command: ls\n    pty:",
        "sessions[0]",
        "'run: exec'",
    ),
    "a window that is too large": ("width: 80", "width: 65536", "sessions[0].pty.width", "65535"),
    "a step that does two things": (
        '- type: "exit\\n"',
        '- {type: "exit\\n", pause: 1}',
        "sessions[0].steps[0]",
        "exactly one",
    ),
    "a step that does nothing": ('- type: "exit\\n"', "- {}", "sessions[0].steps[0]", "one of"),
    "a step that is not done": (
        '- type: "exit\\n"',
        "- hang_up: false",
        "sessions[0].steps[0].hang_up",
        "is true",
    ),
    "a pause into the past": (
        '- type: "exit\\n"',
        "- pause: -1",
        "sessions[0].steps[0].pause",
        "between",
    ),
    "an event that does not exist": (
        "event: shown",
        "event: shone",
        "sessions[0].steps[1].wait.event",
        "shone",
    ),
    "a field that an event has not": (
        "where: {session: s1}",
        "where: {sesion: s1}",
        "sessions[0].steps[1].wait.where.sesion",
        "session",
    ),
    "a fault that does not exist": ("fault: killed", "fault: kiled", "faults[0].fault", "killed"),
    "a node that does not exist": ("node: rec1", "node: rec3", "faults[0].node", "rec3"),
    "a fault of no length": ("lasts: 2", "lasts: 0", "faults[0].lasts", "between"),
    "a fault that never ends": ("lasts: 2", "lasts: 1.0e+400", "faults[0].lasts", "inf"),
    "no number at all": ("lasts: 2", "lasts: .nan", "faults[0].lasts", "got `str`"),
    "a deadline that is over": ("deadline: 30", "deadline: 0", "deadline", "between"),
    "a status that no command has": ("exit: nonzero", "exit: 256", "expect[0].exit", "255"),
    "a notice that does not exist": ("notices: [2]", "notices: [2, 4]", "", "between"),
    "an expectation of nobody": (
        "expect:\n  - session: s1",
        "expect:\n  - session: s2",
        "expect",
        "s1",
    ),
    "no expectation": ("expect:\n", "expect: []\nx:\n", "x", "unknown"),
    "an attempt at nothing": ("{recorder: rec1}", "{recorder: rec7}", "", "rec7"),
    "a recording of nobody": ("    recorded_by: rec1\n", "", "expect[0].recording", "with"),
    "an id": ("deadline: 30", "id: basic/mine", "id", "named by its file"),
    "a key twice": ("deadline: 30", "title: Another", "file", "second time"),
    "a key that is a list": ("deadline: 30", "? [a]\n: 30", "file", "must be a word"),
    "a key that is a number": ("deadline: 30", "30: 30", "file", "must be a word"),
    "a tag": ("deadline: 30", "deadline: !!python/tuple [1]", "file", "tag"),
    "a tag of YAML's own": ("deadline: 30", "deadline: !!timestamp never", "file", "tag"),
    "a merge": ("deadline: 30", "<<: {deadline: 30}", "<<", "unknown"),
    "no YAML": ("deadline: 30", "deadline: [30", "file", "not YAML"),
    "a tab": ("  - name: rec1", "\t- name: rec1", "file", "not YAML"),
    "two documents": ("deadline: 30", "---\na: b", "file", "another document"),
    "an alias of nothing": ("deadline: 30", "deadline: *never", "file", "never"),
    "NUL": ("deadline: 30", "deadline: \x00", "file", "U+0000"),
    "an escape for the terminal": ("deadline: 30", '"\\e[31mred\\n": 30', "", "\\x1b[31mred"),
    "msgspec's own words": ("deadline: 30", '"x` - at `$[²]": 1', "", "unknown field"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name: str) -> None:
    old, new, field, word = WRONG[name]
    changed = good(old, new)
    message = error(changed)
    _, line, rest = message.split(":", 2)
    assert word in rest
    assert rest.strip().startswith(field)
    # The line named is the one that was changed, or begins what lacks something.
    before, after = GOOD.splitlines(), changed.decode().split("\n")
    first = next(
        n for n, pair in enumerate(zip(before, after, strict=False), 1) if pair[0] != pair[1]
    )
    assert int(line) in places(name, first), message


def places(name: str, first: int) -> set[int]:
    """The lines that may be named when `first` is the first that was changed."""
    return {
        "a key that is missing": {1},
        "a key that is missing inside": {first - 1},
        "both action and policy": {first + 1},
        "a command that is not run": {first - 1},
        "an expectation of nobody": {first - 1},
        "no expectation": {first + 1},
        "a recording of nobody": {first - 1},
        "no YAML": {first, first + 1},
        "two documents": {first},
    }.get(name, {first})


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"", 1, "no scenario"),
        (b"\n# nothing but words\n", 1, "no scenario"),
        (b"[]", 1, "object"),
        (b"just words", 1, "object"),
        (b"title: a\nabout: \xff\n", 2, "not UTF-8: byte 16"),
        ("title: a".encode("utf-16"), 1, "not UTF-8"),
        (b"\xef\xbb\xbf", 1, "no scenario"),
        (b"\x00", 1, "U+0000"),
        (b"a: &a [*a]", 1, "nested"),
        (b"[" * 100_000, 1, "nested"),
        (b"x" * (MAX_BYTES + 1), 1, "larger than"),
        (b"? " * 1000, 1, "nested"),
    ],
)
def test_what_is_no_scenario_at_all(data: bytes, line: int, word: str) -> None:
    message = error(data)
    assert message.startswith(f"x.yaml:{line}: file: ")
    assert word in message


BOMBS = {
    "laughs": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "merges": "a: &a {k: v}\n"
    + "".join(
        f"{name}: &{name}\n  <<: [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "copies": "sessions: &s [{name: a}]\nexpect: [" + "*s," * 30_000 + "]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_few_lines_do_not_become_millions_of_values(name: str) -> None:
    assert str(MAX_VALUES) in error(BOMBS[name].encode())


def test_as_many_names_as_fit_are_told_apart_in_no_time() -> None:
    names = "".join(f"  - {{name: n{number}}}\n" for number in range(4000))
    data = good("  - name: rec1\n", names + "  - name: rec1\n")
    assert len(read(data, "x.yaml", FAULTS).recorders) == 4002


def test_an_alias_may_repeat_a_part() -> None:
    data = good("    pty: {width", "    pty: &size {width")
    data = data.replace(b"      - wait:", b"      - resize: *size\n      - wait:")
    session = read(data, "x.yaml", FAULTS).sessions[0]
    assert session.steps[1].resize == session.pty


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "n", "1:30", "010", "2001-01-01"])
def test_words_stay_words(word: str) -> None:
    assert read(good("A good one", word), "x.yaml", FAULTS).title == word


def test_a_long_name_does_not_make_a_long_message() -> None:
    assert len(error(good("rec1, rec2", "a" * 100_000))) < 1000
    assert len(error(good("deadline", "a" * 100_000))) < 2000


# --- files


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MAX_BYTES * 4))
    words = {
        tmp_path / "nothing.yaml": "No such file",
        tmp_path: "directory",
        large: "larger than",
        Path("a\0b"): "null",
        tmp_path / "a\nb": "No such file",
        tmp_path / ("x" * 5000): "name too long",
    }
    for path, word in words.items():
        with pytest.raises(UnreadableScenarioError) as caught:
            load(path, FAULTS)
        assert word in str(caught.value)
        assert str(caught.value).isprintable()


def test_a_scenario_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(good())
    assert load(path, FAULTS).id == "mine"
    assert load(path, FAULTS, id="a/b").id == "a/b"


def test_the_library_is_whole() -> None:
    assert len(SCENARIOS) == len(list(LIBRARY.rglob("*.yaml"))) > 0
    assert not [path for path in LIBRARY.rglob("*") if path.is_file() and path.suffix != ".yaml"]
    assert all(name == scenario.id for name, scenario in SCENARIOS.items())


# --- select


def chosen(*patterns: str) -> list[str]:
    names = ["basic/exec", "basic/v1-shell", "basics/x", "loss/cut", "top"]
    return list(select(dict.fromkeys(names, SCENARIOS["basic/exec"]), patterns))


def test_what_ships_is_read_fast_and_as_all_else_is() -> None:
    for name, scenario in SCENARIOS.items():
        assert load(LIBRARY / f"{name}.yaml", FAULTS, id=name) == scenario


@pytest.mark.parametrize(
    "text",
    [
        "- [on, yes, 1e3, 0x10, ~, 2001-01-01, true, -1.5]\n",
        "a: &a [1]\nb: *a\n",
        "",
        "a: [1\n",
        "a: 1\na: 2\n",
        "a: !!python/name:os.system\n",
        "a: \x07\n",
    ],
)
def test_both_ways_to_read_mean_the_same_and_say_the_same(text: str) -> None:
    said = []
    for way in (parse, parse_shipped):
        try:
            said.append((way(text)[0], 0))
        except YamlError as error:
            said.append((str(error), error.line))
    assert said[0] == said[1]


def test_selections() -> None:
    everything = ["basic/exec", "basic/v1-shell", "basics/x", "loss/cut", "top"]
    assert chosen() == everything
    assert chosen("*") == everything
    assert chosen("basic/exec") == ["basic/exec"]
    assert chosen("basic") == chosen("basic/") == ["basic/exec", "basic/v1-shell"]
    assert chosen("*/*c*") == ["basic/exec", "loss/cut"]
    assert chosen("basic/v?-*") == ["basic/v1-shell"]
    assert chosen("top", "basic", "basic/exec") == ["top", "basic/exec", "basic/v1-shell"]


@pytest.mark.parametrize(
    "pattern", ["", "/", "basi", "Basic", "nothing", "[", "basic/exec/", "**/x/*"]
)
def test_a_selection_of_nothing_is_told(pattern: str) -> None:
    with pytest.raises(UnknownScenarioError, match=re.escape(repr(pattern))):
        chosen("top", pattern)


# --- there and back


def test_the_whole_library_comes_back_from_yaml() -> None:
    for name, scenario in SCENARIOS.items():
        again = read(to_yaml(scenario).encode(), name, FAULTS)
        assert msgspec.structs.replace(again, id=name) == scenario


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAME = st.text(string.ascii_letters + string.digits, min_size=1, max_size=10)
WORDS = """on no ~ null 1 1.5 0o7 010 1e3 1.0e+3 = << # !tag &a *a % @ ` ' " 2001-01-01 0x1f 1_000
.5 .inf true True"""
SPACES = ["- a", "a: b", "\x1b", "\x85", "\u2028", "\ufeff", " ", "  a  ", "a\n\n", "\r\n", "\t"]
ODD = st.sampled_from([*WORDS.split(), *SPACES])
SECONDS = st.floats(0.001, 3600) | st.integers(1, 3600)


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    text = TEXT | ODD
    steps = st.one_of(
        st.builds(lambda t: {"type": t}, text),
        st.builds(lambda t: {"see": t}, text),
        st.builds(lambda n: {"pause": n}, SECONDS | st.just(0)),
        st.just({"eof": True}),
        st.builds(
            lambda w, h: {"resize": {"width": w, "height": h}},
            st.integers(0, 65535),
            st.integers(0, 65535),
        ),
        st.builds(
            lambda v, n: {"wait": {"event": "session-opened", "where": {"pty": v}, "plus": n}},
            st.booleans() | st.integers(-5, 5) | text,
            SECONDS | st.just(0),
        ),
    )
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    return {
        "title": draw(text.filter(bool)),
        "about": draw(text),
        "recorders": [
            {"name": name, "tags": draw(st.lists(text, max_size=2))}
            for name in names
            if name not in ("s3", "control")
        ],
        "action": {
            "record": draw(st.none() | st.just([])),
            "on_failure": draw(
                st.none()
                | st.fixed_dictionaries(
                    {"reject": text, "terminate": text, "notify": st.booleans()}
                )
            ),
        },
        "sessions": [
            {"name": name, "ssh_user": draw(text), "steps": draw(st.lists(steps, max_size=4))}
            for name in names
        ],
        "expect": [
            {"session": name, "path": [], "shows": draw(st.lists(text, max_size=2))}
            for name in names
        ],
        "deadline": draw(SECONDS),
    }


@given(scenarios())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_any_scenario_comes_back_from_yaml(plain: dict[str, Any]) -> None:
    scenario = msgspec.convert(plain, Scenario)
    assert read(to_yaml(scenario).encode(), "x.yaml", FAULTS) == scenario


# --- anything


def reads_or_tells(data: bytes) -> None:
    told = ""
    try:
        read(data, "x.yaml", FAULTS)
    except UnreadableScenarioError as problem:
        told = str(problem)
    assert not told or re.match(r"x\.yaml:\d+: ", told)
    assert told.isprintable()


@given(st.binary(max_size=300))
@example(b"!!timestamp x")
@example(b"!!int ''")
@example(b"!!bool maybe")
@example(b"- !!float\n")
@example(b"2001-99-99: 1")
@example(b"a: 9" + b"9" * 5000)
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    reads_or_tells(data)


@given(st.text("[]{}&*!|>-?:,#%@'\"` \n\tab1~.<", max_size=60))
def test_any_yaml_is_read_or_told(text: str) -> None:
    reads_or_tells(text.encode())


@given(
    st.sampled_from(sorted(SCENARIOS)),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 20), st.binary(max_size=4) | st.just(b": ")),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=60)
def test_any_damaged_scenario_is_read_or_told(
    name: str, damages: list[tuple[float, int, bytes]]
) -> None:
    data = (LIBRARY / f"{name}.yaml").read_bytes()
    for where, gone, instead in damages:
        at = int(where * len(data))
        data = data[:at] + instead + data[at + gone :]
    reads_or_tells(data)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | NAME, inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["recorders", "action", "sessions", "faults", "expect", "about"]), VALUES)
@settings(max_examples=60)
def test_any_value_anywhere_is_read_or_told(field: str, value: Any) -> None:
    plain = {"title": "t", "sessions": [{"name": "a"}], "expect": [{"session": "a", "path": []}]}
    reads_or_tells(msgspec.json.encode({**plain, "policy": "{}", field: value}))
