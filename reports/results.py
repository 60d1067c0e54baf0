"""``results.json``: a run as data, for machines and for later.

The file's shape is the types below; ``results.schema.json`` is generated from them and shipped, and
a test holds the two together. `SCHEMA` changes when a reader of the old shape would go wrong; a new
key does not change it, so readers ignore keys that they do not know.
"""

from __future__ import annotations

from typing import Any

import msgspec

from conformance.judgement import Coverage, Finding, Judgement, Run, Status, Summary
from conformance.machine import Arrow
from reports.visible import encodable

SCHEMA = "1"
SCHEMA_ID = f"urn:recspec:results:{SCHEMA}"


class ResultsError(ValueError):
    """Data that is no results file of a version that is read here; one line says why."""


class FindingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one check has to say about one clause."""

    clause: str
    status: Status
    message: str
    evidence: tuple[str, ...]
    session: str = ""


class ResultEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario. `transitions` are the arrows that its sessions took."""

    id: str
    title: str
    status: Status
    duration_s: float
    clauses: tuple[str, ...]
    findings: tuple[FindingEntry, ...]
    transitions: tuple[Arrow, ...]
    artifacts: tuple[str, ...]


class ResultsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run. `started` is RFC 3339 in UTC; artifacts are relative to the file's folder."""

    schema: str
    tool: str
    version: str
    target: str
    world: str
    seed: int
    speed: int
    started: str
    duration_s: float
    summary: Summary
    results: tuple[ResultEntry, ...]
    coverage: Coverage


class _Version(msgspec.Struct):
    schema: str


def results_json(run: Run) -> bytes:
    """Encode a run as ``results.json``. Halves of surrogate pairs in texts become U+FFFD."""
    file = ResultsFile(
        schema=SCHEMA,
        tool=run.tool,
        version=run.version,
        target=run.target,
        world=run.world,
        seed=run.seed,
        speed=run.speed,
        started=run.started,
        duration_s=run.duration_s,
        summary=run.summary,
        results=tuple(map(_entry, run.results)),
        coverage=run.coverage,
    )
    plain = _encodable(msgspec.to_builtins(file))
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def read_results(data: bytes) -> Run:
    """Decode ``results.json``; raises ResultsError with the place and what is wrong there."""
    try:
        version = msgspec.json.decode(data, type=_Version).schema
        if version != SCHEMA:
            raise ResultsError(f"results of schema {version!r}; this version reads {SCHEMA!r}")
        file = msgspec.json.decode(data, type=ResultsFile)
    except msgspec.ValidationError as error:
        raise ResultsError(f"not a results file: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError(f"not JSON: {error}") from None
    except RecursionError:
        raise ResultsError("not a results file: nested too deeply") from None
    run = Run(
        tool=file.tool,
        version=file.version,
        target=file.target,
        world=file.world,
        seed=file.seed,
        speed=file.speed,
        started=file.started,
        duration_s=file.duration_s,
        results=tuple(map(_judgement, file.results)),
        coverage=file.coverage,
    )
    if run.summary != file.summary:
        raise ResultsError("the summary does not count what the results say - at `$.summary`")
    return run


def results_schema() -> bytes:
    """Return the JSON schema (2020-12) of the file, as shipped in ``results.schema.json``."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **msgspec.json.schema(ResultsFile),
    }
    schema["$defs"]["ResultsFile"]["properties"]["schema"] = {"const": SCHEMA}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _entry(result: Judgement) -> ResultEntry:
    return ResultEntry(
        id=result.scenario,
        title=result.title,
        status=result.status,
        duration_s=result.duration_s,
        clauses=result.clauses,
        findings=tuple(
            FindingEntry(
                clause=finding.clause,
                status=finding.status,
                message=finding.message,
                evidence=finding.evidence,
                session=finding.session,
            )
            for finding in result.findings
        ),
        transitions=result.transitions,
        artifacts=result.artifacts,
    )


def _judgement(entry: ResultEntry) -> Judgement:
    return Judgement(
        scenario=entry.id,
        title=entry.title,
        status=entry.status,
        duration_s=entry.duration_s,
        clauses=entry.clauses,
        findings=tuple(
            Finding(
                clause=finding.clause,
                status=finding.status,
                message=finding.message,
                evidence=finding.evidence,
                session=finding.session,
            )
            for finding in entry.findings
        ),
        transitions=entry.transitions,
        artifacts=entry.artifacts,
    )


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {key: _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
