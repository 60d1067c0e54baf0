"""Recorders put through everything: the reference ones clean, every mutant found, foreign ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import pytest

from conformance.cases import PREFIX, Case, Need, Phase, cases
from conformance.judgement import Finding, Judgement, Status
from fixtures.rig import Rig
from fixtures.target import Bucket, Folder, ReferenceLauncher, Target
from scenarios.recorder import all_plays
from scenarios.recorder.suite import Played, play_suite
from simulator.overlay import Mutant, mutants

CASES = cases()
MUTANTS = {
    name: mutant
    for name, mutant in mutants().items()
    if any(shown.startswith(PREFIX) for shown in mutant.shown_by)
}
WAITING, WORKING = 40, 8
"""Mutants that are tried at the same time: some mostly wait for the protocol's timers, others have
processes and stores to be started, and would only make each other late."""

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(400)]


class Quiet:
    """Watches nothing: pytest tells."""

    def started(self, scenario: str) -> None:
        pass

    def finished(self, judgement: Judgement) -> None:
        pass


def told(findings: Iterable[Finding]) -> str:
    """Findings as a person wants to read them when a test fails."""
    return "\n".join(
        f"{f.status} {f.clause} {f.message} {f.evidence}"
        for f in findings
        if f.status is not Status.SKIP
    )


def shown(mutant: Mutant) -> list[Case]:
    """The cases that show a mutant."""
    return [CASES[name] for name in mutant.shown_by if name.startswith(PREFIX)]


def without_v2(case: Case) -> bool:
    """Tell whether a case is for recorders that know nothing but v1."""
    return bool({Need.NO_V2, Need.NO_EVENTS} & set(case.needs))


def works(mutant: Mutant) -> bool:
    """Tell whether a mutant's cases keep the machine busy."""
    return any(c.phase is not Phase.WIRE or Need.S3 in c.needs for c in shown(mutant))


async def launched(rig: Rig, chosen: Sequence[Case], mutant: str | None = None) -> Target:
    """A reference recorder with the storage that the cases need."""
    launcher = ReferenceLauncher(rig, mutant, v2=not any(map(without_v2, chosen)))
    if any(Need.S3 in case.needs for case in chosen):
        s3 = await rig.s3()
        return await launcher.launch(Bucket(s3.endpoint, await rig.make_bucket()))
    return await launcher.launch(Folder(rig.make_folder()))


async def played_by(
    rig: Rig, chosen: Sequence[Case], mutant: str | None = None
) -> dict[str, Played]:
    target = await launched(rig, chosen, mutant)
    try:
        return await play_suite(chosen, target, rig, Quiet(), asyncio.Event())
    finally:
        await target.close()


@pytest.fixture(scope="module")
def reference() -> dict[str, Played]:
    """All cases against the reference recorder, with each kind of storage that they need."""
    groups: dict[str, list[Case]] = {"plain": [], "s3": [], "v1": []}
    for case in CASES.values():
        kind = "s3" if Need.S3 in case.needs else "v1" if without_v2(case) else "plain"
        groups[kind].append(case)

    async def run() -> dict[str, Played]:
        found: dict[str, Played] = {}
        async with Rig.started() as rig:
            for chosen in await asyncio.gather(
                *(played_by(rig, group) for group in groups.values() if group)
            ):
                found |= chosen
        return found

    return asyncio.run(run())


@pytest.fixture(scope="module")
def defects() -> dict[str, dict[str, Played]]:
    """Every mutant, with the cases that show it."""

    async def run() -> dict[str, dict[str, Played]]:
        gates = {False: asyncio.Semaphore(WAITING), True: asyncio.Semaphore(WORKING)}
        async with Rig.started() as rig:

            async def one(mutant: Mutant) -> dict[str, Played]:
                async with gates[works(mutant)]:
                    return await played_by(rig, shown(mutant), mutant.name)

            longest = sorted(MUTANTS.values(), key=lambda m: -max(c.seconds for c in shown(m)))
            found = await asyncio.gather(*map(one, longest))
        return {mutant.name: one for mutant, one in zip(longest, found, strict=True)}

    return asyncio.run(run())


def test_every_case_has_a_play_and_every_play_a_case() -> None:
    assert all_plays().keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_reference_recorder_conforms(name: str, reference: dict[str, Played]) -> None:
    judgement = reference[name].judgement
    wanted = {Status.PASS}
    if Need.UI in CASES[name].needs:
        wanted = {Status.SKIP}  # the reference recorder has none
    assert judgement.status in wanted, told(judgement.findings)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_breaks_what_it_declares(name: str, defects: dict[str, dict[str, Played]]) -> None:
    findings = [f for one in defects[name].values() for f in one.judgement.findings]
    broken = {f.clause for f in findings if f.status in (Status.FAIL, Status.WARN)}
    assert broken == set(MUTANTS[name].breaks), told(findings)
    assert not [f for f in findings if f.status is Status.ERROR], told(findings)
