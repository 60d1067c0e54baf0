"""Whose processes are looked at when a command is ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from simulator.process_tree import members, started

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

NAME, VALUE = "RECSPEC_TEST_TREE", "here"
MARK = f"{NAME}={VALUE}"


@contextmanager
def sleeper(*, marked: bool = True, own_session: bool = True) -> Iterator[int]:
    environment = {**os.environ, **({NAME: VALUE} if marked else {})}
    with subprocess.Popen(
        ["sleep", "60"], env=environment, start_new_session=own_session
    ) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_what_left_its_session_is_found_by_its_mark() -> None:
    with sleeper() as leader, sleeper() as stray, sleeper(marked=False) as other:
        found = members(leader, MARK, thorough=True, since=started(leader))
        assert {leader, stray} <= found
        assert other not in found
        assert os.getpid() not in found


def test_what_was_there_before_the_leader_is_none_of_its_own() -> None:
    with sleeper() as before, sleeper() as leader:
        since = started(before) + 1
        assert members(leader, MARK, thorough=True, since=since) <= {leader}
        assert before in members(leader, MARK, thorough=True)


def test_when_a_process_started() -> None:
    assert started(os.getppid()) <= started(os.getpid())
    with subprocess.Popen(["true"]) as gone:
        os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
        assert started(gone.pid) >= started(os.getpid())  # it waits to be waited for
    assert started(gone.pid) == 0
