"""Recorders that share no code with ours: what the suite says of them is what they are.

What each breaks, and why that is right, is in ``docs/foreign-recorders.md``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.cases import Level, cases
from conformance.judgement import Finding, Judgement, Status
from conformance.levels import Verdict, verdicts
from fixtures.profiles import Capabilities, Profile, Storage
from fixtures.rig import Rig
from fixtures.vendor import target_of
from scenarios.recorder.suite import Played, play_suite
from tests.bodies import PLAIN_COMMAND, NoGo, go_command

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(400)]

BREAKS = {
    "go": {
        ("hostile/h2-resets", "hostile-9"),
        ("disks/folder-lost-v1", "storage-18"),
        ("disks/folder-lost-v2", "storage-18"),
    },
    "plain": {("disks/folder-lost-v1", "storage-18")},
}
HAS = {"go": {"v1", "v2", "events"}, "plain": {"v1"}}


class Quiet:
    """Watches nothing: pytest tells."""

    def started(self, scenario: str) -> None:
        pass

    def finished(self, judgement: Judgement) -> None:
        pass


def profile(name: str, command: Iterable[str]) -> Profile:
    """What a vendor would say of it; what it takes is probed."""
    return Profile(
        name=name,
        command=tuple(command),
        ready="listening on",
        capabilities=Capabilities(),
        storage=Storage(kind="filesystem", node_id="source"),
    )


@pytest.fixture(scope="module")
def played(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[dict[str, Played], frozenset[str]]]:
    """The whole suite against both at once."""
    commands = {"plain": PLAIN_COMMAND}
    try:
        commands["go"] = go_command(tmp_path_factory.mktemp("go"))
    except NoGo as error:
        pytest.skip(str(error))

    async def one(rig: Rig, name: str) -> tuple[dict[str, Played], frozenset[str]]:
        target = await target_of(profile(name, commands[name]), rig)
        try:
            found = await play_suite(list(cases().values()), target, rig, Quiet(), asyncio.Event())
        finally:
            await target.close()
        return found, target.has

    async def run() -> dict[str, tuple[dict[str, Played], frozenset[str]]]:
        async with Rig.started() as rig:
            found = await asyncio.gather(*(one(rig, name) for name in commands))
        return dict(zip(commands, found, strict=True))

    return asyncio.run(run())


def findings(played: dict[str, Played], *statuses: Status) -> list[tuple[str, Finding]]:
    return [
        (name.removeprefix("recorder/"), finding)
        for name, one in played.items()
        for finding in one.judgement.findings
        if finding.status in statuses
    ]


@pytest.mark.parametrize("name", BREAKS)
def test_a_foreign_recorder_breaks_what_it_breaks_and_nothing_else(
    name: str, played: dict[str, tuple[dict[str, Played], frozenset[str]]]
) -> None:
    broken = findings(played[name][0], Status.FAIL, Status.WARN)
    assert {(case, finding.clause) for case, finding in broken} == BREAKS[name], broken
    assert not findings(played[name][0], Status.ERROR)


@pytest.mark.parametrize("name", BREAKS)
def test_what_a_foreign_recorder_takes_is_probed_and_what_it_does_not_is_skipped(
    name: str, played: dict[str, tuple[dict[str, Played], frozenset[str]]]
) -> None:
    results, has = played[name]
    assert HAS[name] == {"v1", "v2", "events"} & has
    levels = verdicts((one.judgement for one in results.values()), has)
    for level in Level:
        offered = level.value.removeprefix("core-") in HAS[name] | {"storage", "hardened"}
        wanted = Verdict.CONFORMANT if offered else Verdict.NOT_OFFERED
        assert levels[level].verdict is wanted, level


def test_the_bodies_are_there() -> None:
    folder = Path(__file__).parents[1] / "bodies"
    assert (folder / "go_recorder" / "main.go").exists()
    assert (folder / "plain_asyncio_recorder.py").exists()
