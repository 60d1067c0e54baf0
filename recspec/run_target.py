"""``recspec run --target``: what the check of a profile's role does, called by another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import typer

from conformance.judgement import ExitStatus
from fixtures.profiles import ProfileError, read_profile
from recspec.serving import fail


def check_target(
    profile: Path,
    selection: Sequence[str],
    *,
    jobs: int | None,
    out: Path | None,
    as_json: bool,
    unfit: Mapping[str, bool],
) -> NoReturn:
    """Check the target of a profile, and end the command as that check does.

    `unfit` names options that only our own parts can follow, with whether they were given. A
    target is judged in real time, on real parts, as it is. A recorder's cases have no `jobs`.
    """
    for option, given in unfit.items():
        if given:
            fail(ExitStatus.USAGE, f"{option}: not with --target; it is for our own parts only")
    try:
        role = read_profile(profile).role
    except ProfileError as error:
        fail(ExitStatus.USAGE, str(error))
    # Only now: the commands import what this one is made of.
    if role == "recorder":
        if jobs is not None:
            fail(ExitStatus.USAGE, "--jobs: not with a recorder; all its cases are played at once")
        check = import_module("recspec.check_recorder").check_recorder
        check(str(profile), only=list(selection), out=out, as_json=as_json)
    else:
        module = import_module("recspec.check_client")
        jobs = module.JOBS if jobs is None else jobs
        module.check_client(profile, only=list(selection), jobs=jobs, out=out, as_json=as_json)
    raise typer.Exit(ExitStatus.CONFORMANT)
