"""The journal: what is in it is kept, a torn end is dropped, anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.spread.journal import Header, Journal, JournalError
from simulator.spread.work import Task

HEADER = Header(plan="p", code="c")
ONE, TWO = Task("v", 1), Task("v", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    with Journal(path, HEADER) as journal:
        assert journal.done == {}
        journal.add(ONE, b'{"sessions":1}')
        journal.add(TWO, b'{"sessions":2}')
    return path


def reopened(path: Path, header: Header = HEADER) -> dict[Task, bytes]:
    with Journal(path, header) as journal:
        return journal.done


def test_what_was_added_is_there_again(path: Path) -> None:
    assert reopened(path) == {ONE: b'{"sessions":1}', TWO: b'{"sessions":2}'}


def test_wherever_it_is_torn_whole_lines_are_kept_and_it_goes_on(path: Path) -> None:
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n")
        with Journal(path, HEADER) as journal:
            assert len(journal.done) == max(0, kept - 1)
            for task, sessions in ((ONE, 1), (TWO, 2)):
                if task not in journal.done:
                    journal.add(task, b'{"sessions":%d}' % sessions)
        assert path.read_bytes().splitlines(keepends=True) == lines


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (Header(plan="q", code="c"), ":1: the journal of another plan"),
        (Header(plan="p", code="d"), ":1: begun by other code"),
        (Header(plan="p", code="c", journal=2), ":1: a journal of version 1"),
    ],
)
def test_another_campaign_is_refused_and_left_as_it_was(
    header: Header, said: str, path: Path
) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError, match=said) as caught:
        reopened(path, header)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"\n", ":3: not a line of a journal"),
        (b'{"plan":"v"}\n', ":3: not a line of a journal"),
        (b'{"plan":"v","seed":1,"tally":{"sessions":9}}\n', ":3: seed 1 has two different results"),
        (b"\xff\xfe\n", ":3: not a line of a journal"),
    ],
)
def test_a_line_that_is_wrong_is_refused(line: bytes, said: str, path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], line, *lines[2:]]))
    with pytest.raises(JournalError, match=said):
        reopened(path)


def test_the_same_result_twice_is_once(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    assert len(reopened(path)) == 2
