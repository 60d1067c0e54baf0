"""`recspec check policy`: what a policy file says about recording, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from conformance.judgement import ExitStatus, Status
from conformance.nodes import Node
from conformance.policy_check import warnings
from conformance.policy_explain import (
    Question,
    QuestionError,
    answer,
    possibilities,
    read_question,
)
from conformance.policy_match import accept_action
from conformance.policy_types import Policy, PolicyWarning, Rule
from conformance.wire import SSHAction
from recspec.policy_files import UnreadableError, nodes_file, policy_file, printable


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule does with the sessions that it matches."""

    rule: int
    """Position in the ssh section, from 1."""
    line: int
    column: int
    action: str
    recorder: tuple[str, ...]
    """Tags, as the rule names them."""
    enforced: bool
    conditions: tuple[str, ...] = ()
    """What must be so for the rule to match; none: it does."""
    answer: SSHAction | None = None
    """What the SSH server is told in the end; absent without a node list."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one question."""

    question: str
    decided: bool
    """False: which rule matches depends on the conditions (there was no node list)."""
    allowed: bool | None
    """None: it depends."""
    rules: tuple[Matched, ...]
    """The rule that matched, or those that could, in order; none: refused."""


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that was found out about one policy file."""

    file: str
    status: Status
    rules: int
    recorded: int
    """Rules with a recorder."""
    warnings: tuple[PolicyWarning, ...]
    explanation: Explanation | None = None


def policy(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The policy file, HuJSON; - for stdin.")
    ],
    nodes: Annotated[
        str | None,
        typer.Option("--nodes", metavar="FILE", help="The node list, HuJSON or YAML."),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="WHO@NODE->USER@NODE",
            help="Say which rule matches a connection, and what becomes of it.",
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Check the SSH rules of a policy file, above all what they say about recording.

    Prints warnings as FILE:LINE:COLUMN. Ends 0 when the file is a policy, with warnings or
    without, and 2 when it is none or the question cannot be answered.

    Example: recspec check policy policy.hujson --nodes nodes.json --explain
    "alice@laptop->root@prod-1"
    """
    try:
        _, read = policy_file(file)
        known = None if nodes is None else nodes_file(nodes)
        explanation = None if explain is None else _explain(read, known, explain)
    except (UnreadableError, QuestionError) as error:
        _refuse(str(error))
    found = warnings(read, known)
    report = Report(
        file=file.encode(errors="backslashreplace").decode(),
        status=Status.WARN if found else Status.PASS,
        rules=len(read.ssh),
        recorded=sum(bool(rule.recorder) for rule in read.ssh),
        warnings=found,
        explanation=explanation,
    )
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    else:
        _show(report)
    raise typer.Exit(ExitStatus.CONFORMANT)


def _explain(policy: Policy, nodes: tuple[Node, ...] | None, text: str) -> Explanation:
    question = read_question(text)
    if nodes is None:
        return _possible(policy, question, text)
    decision = answer(policy, nodes, question)
    rule = decision.rule
    return Explanation(
        question=text,
        decided=True,
        allowed=rule is not None,
        rules=() if rule is None else (_matched(rule, answer=accept_action(rule, nodes)),),
    )


def _possible(policy: Policy, question: Question, text: str) -> Explanation:
    """Answer without a node list."""
    possible = possibilities(policy, question)
    decided = not possible or not possible[0].conditions
    return Explanation(
        question=text,
        decided=decided,
        allowed=bool(possible) if decided else None,
        rules=tuple(_matched(one.rule, one.conditions) for one in possible),
    )


def _matched(
    rule: Rule, conditions: tuple[str, ...] = (), answer: SSHAction | None = None
) -> Matched:
    return Matched(
        rule=rule.number,
        line=rule.line,
        column=rule.column,
        action=rule.action,
        recorder=tuple(name.text for name in rule.recorder),
        enforced=rule.enforced,
        conditions=conditions,
        answer=answer,
    )


# --- for people -----------------------------------------------------------------------------------


def _show(report: Report) -> None:
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    lines: list[tuple[str, str]] = []
    if report.explanation is not None:
        lines += _told(report.file, report.explanation)
    lines += [
        (f"{report.file}:{w.line}:{w.column}: warning: {w.message} [{w.kind}]", "yellow")
        for w in report.warnings
    ]
    count = f"{report.rules} ssh rules, {report.recorded} recorded, {len(report.warnings)} warnings"
    lines.append((f"{report.file}: {report.status}: {count}", "bold"))
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    for line, style in lines:
        safe = printable(line).encode(encoding, errors="backslashreplace").decode(encoding)
        console.print(Text(safe, style=style))


def _told(file: str, explanation: Explanation) -> Iterable[tuple[str, str]]:
    """Tell the answer to a question."""
    yield explanation.question, "bold"
    if not explanation.rules:
        yield "  refused: no ssh rule matches", "red"
    elif not explanation.decided:
        yield "  it depends on the nodes (give --nodes FILE): the first of these that holds", ""
    for matched in explanation.rules:
        where = f"rule {matched.rule} ({file}:{matched.line}:{matched.column})"
        if matched.conditions:
            yield f"  if {' and '.join(matched.conditions)}: {where}, {matched.action}", ""
        else:
            yield f"  matches {where}, {matched.action}", "green"
        for line in _consequences(matched):
            yield f"    {line}", ""
    if explanation.rules and explanation.rules[-1].conditions:
        yield "  else refused: no ssh rule matches", ""


def _consequences(matched: Matched) -> Iterable[str]:
    """Say what becomes of a session that a rule matches."""
    if matched.action == "check":
        yield "held until the user has signed in again; what follows is the second action"
    if not matched.recorder:
        yield "not recorded" + (", whatever enforceRecorder says" if matched.enforced else "")
        return
    tags = ", ".join(matched.recorder)
    if matched.answer is None:
        yield f"recorded by {tags}"
    elif matched.answer.recorders:
        yield f"recorded by {tags}, tried in order: {', '.join(matched.answer.recorders)}"
    else:
        yield f"to be recorded by {tags}, but no node carries it"
    if matched.enforced:
        yield "no recorder answers: the session is refused"
        yield "the recording is lost: the session is ended"
    else:
        yield "no recorder answers: the session goes on unrecorded, and a notice is sent"
        yield "the recording is lost: the session goes on unrecorded, and a notice is sent"


def _refuse(line: str) -> NoReturn:
    typer.echo(printable(line), err=True)
    raise typer.Exit(ExitStatus.USAGE)
