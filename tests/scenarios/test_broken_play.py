"""A play of the recorder suite that breaks is an error of its case, and none of the target."""

from __future__ import annotations

import asyncio

import pytest

from conformance.cases import Level, cases
from conformance.judgement import Judgement, Status
from conformance.levels import Verdict, verdicts
from fixtures.bench import Bench
from fixtures.rig import Rig
from fixtures.target import Folder, ReferenceLauncher
from scenarios.recorder import Play
from scenarios.recorder.suite import play_case

CASE = cases()["recorder/v2/probe"]
pytestmark = pytest.mark.live


def judged(play: Play) -> Judgement:
    async def played() -> Judgement:
        async with Rig.started(network=False) as rig:
            target = await ReferenceLauncher(rig).launch(Folder(rig.make_folder()))
            try:
                return (await play_case(CASE, play, target, rig)).judgement
            finally:
                await target.close()

    return asyncio.run(played())


async def breaks(bench: Bench) -> None:
    await bench.whole()
    raise KeyError("no such thing")


def test_a_play_that_breaks_is_an_error_and_its_level_is_not_known() -> None:
    judgement = judged(breaks)
    assert judgement.status is Status.ERROR
    (finding,) = judgement.findings
    assert finding.clause == "rig"
    assert "no such thing" in finding.message
    assert not judgement.clauses
    level = verdicts([judgement], frozenset({"v2"}))[Level.CORE_V2]
    assert level.verdict is Verdict.NOT_KNOWN
