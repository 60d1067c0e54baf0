"""What the virtual world can play: everything else is skipped, with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import history
from conformance.scenario import Match, Scenario, Step, UserSession
from simulator.overlay import Mutant
from simulator.virtual import programs
from simulator.virtual import shell_syntax as syntax
from simulator.virtual.clock import Dice
from simulator.virtual.faults import FAULTS
from simulator.virtual.sftp import FILES
from simulator.virtual.shell_syntax import NotModelledError, plain

CORE = "client"
"""The part that runs here unchanged, and so can be a mutant."""
_NOTED = frozenset(
    kind.__struct_config__.tag
    for kind in (
        *(history.UserConnected, history.SessionOpened, history.Typed, history.Resized),
        *(history.Shown, history.Handed, history.Saw, history.ExitSeen, history.SessionClosed),
        *(history.HungUp, history.GaveUp, history.Dialled, history.DialHung),
        *(history.Requested, history.Answered),
        *(
            history.WentAway,
            history.StreamBroken,
            history.AnswerBody,
            history.BodyStarted,
            history.BodyEnded,
            history.AnswerEnded,
        ),
        *(history.Disconnected, history.ServerSession, history.PolicyApplied, history.Entered),
        *(history.Aborted, history.Attempted, history.CommandStarted, history.CommandExited),
        *(history.Left, history.RecorderListening, history.UploadStarted, history.UploadRefused),
        *(history.UploadStored, history.UploadFailed, history.ActionServed),
        *(
            history.ControlReceived,
            history.Forwarded,
            history.NoticeReceived,
            history.FaultApplied,
            history.FaultCleared,
            history.Played,
        ),
        *(history.Addressed, history.Gap),
    )
)
"""The kinds of event that can come while it is played, and so can be waited for."""


def can_play(scenario: Scenario, mutant: Mutant | None = None) -> str:
    """Return why the virtual world cannot play this; nothing when it can."""
    try:
        _check(scenario, mutant)
    except NotModelledError as error:
        return str(error)
    return ""


def _check(scenario: Scenario, mutant: Mutant | None) -> None:
    if mutant is not None and mutant.part != CORE:
        raise NotModelledError(f"a mutant of the {mutant.part} is live only")
    if scenario.api is not None:
        raise NotModelledError("events are posted in the live world only")
    scripted = {node.name for node in scenario.recorders if node.script is not None}
    recorders = {node.name for node in scenario.recorders}
    for plan in scenario.faults:
        fault = FAULTS.get(plan.fault)
        if fault is None:
            raise NotModelledError(f"the fault {plan.fault!r} is not modelled")
        if fault.to_process and (plan.node in scripted or plan.node not in recorders):
            raise NotModelledError(f"{plan.node} has no process that could be {plan.fault}")
        if fault.to_recorder and plan.node not in recorders:
            raise NotModelledError(f"{plan.fault!r} can be done to recorders only")
        if isinstance(plan.at, Match):
            _match(plan.at)
    for change in scenario.changes:
        if isinstance(change.at, Match):
            _match(change.at)
    for session in scenario.sessions:
        _session(session)


def _match(match: Match) -> None:
    if match.event not in _NOTED:
        raise NotModelledError(f"no event {match.event!r} comes in the virtual world")


def _session(session: UserSession) -> None:
    typed: list[str] = []
    if session.after is not None:
        _match(session.after)
    for step in session.steps:
        if step.wait is not None:
            _match(step.wait)
        if step.pull is not None and step.pull not in FILES:
            raise NotModelledError(f"there is no file {step.pull!r} on the virtual server")
        typed += _keys(step)
    if session.run == "exec":
        _script(syntax.read(_filled(session.command)))
    elif session.run == "shell":
        _typed(_filled("".join(typed)))


def _filled(text: str) -> str:
    """Put something in the canary's place."""
    return text.replace("{canary}", "canary")


def _keys(step: Step) -> Iterator[str]:
    if step.secret is not None:
        yield "secret\n"
    if step.type is not None:
        if any(char < " " and char not in "\n\x04" for char in step.type):
            raise NotModelledError("keys of the terminal other than Enter are not modelled")
        yield step.type


def _typed(keys: str) -> None:
    """Check what is typed line by line; a line that a command reads is no command."""
    reads = 0
    for line in keys.replace("\x04", "\n").split("\n"):
        if reads:
            reads -= 1
        elif line.strip():
            reads += _script(syntax.read(line))


def _script(script: syntax.Script) -> int:
    """Check all commands of a script; returns how many lines of the input they read."""
    reads = 0
    for job in script.jobs:
        for pipeline in (job.first, *(pipeline for _, pipeline in job.rest)):
            reads += _pipeline(pipeline)
    return reads


def _pipeline(pipeline: syntax.Pipeline) -> int:
    if len(pipeline.commands) > 1:
        for command in pipeline.commands:
            if not isinstance(command, syntax.Simple) or command.redirects:
                raise NotModelledError("a pipeline of other than plain commands is not modelled")
            _filter(command)
        if "head" not in map(_name, pipeline.commands) and "yes" in map(_name, pipeline.commands):
            raise NotModelledError("output without an end is not modelled")
        return 0
    match pipeline.commands[0]:
        case syntax.Loop(words=words, body=body):
            return len(words) * _script(body)
        case syntax.Group(body=body):
            return _script(body)
        case syntax.Simple() as command:
            return _simple(command)


def _name(command: syntax.Command) -> str:
    return plain(command.words[0]) if isinstance(command, syntax.Simple) else ""


def _simple(command: syntax.Simple) -> int:
    words = command.words
    while words and plain(words[0]) in programs.PREFIXES:
        words = words[1:]
    name, args = (plain(words[0]), [_text(word) for word in words[1:]]) if words else ("", [])
    if name == "sleep":
        programs.duration(args)
    elif name == "stty" and args not in (["size"], ["-echo"], ["echo"]):
        raise NotModelledError(f"stty {' '.join(args)} is not modelled")
    elif name == "read" and (len(args) != 1 or not args[0].isidentifier()):
        raise NotModelledError("a read of other than one variable is not modelled")
    elif name == "exit" and any(not arg.isdecimal() for arg in args):
        raise NotModelledError("an exit with other than a number is not modelled")
    elif name == "cat" and args:
        raise NotModelledError("a cat of files is not modelled")
    elif name in ("yes", "tr") or (name == "head" and len(args) < 3):
        raise NotModelledError(f"{name} by itself is not modelled")
    elif name not in programs.WAITING | {"cat"}:
        _filter(syntax.Simple(words))
    return 1 if name == "read" else 0


def _filter(command: syntax.Simple) -> None:
    name = _name(command)
    if name not in programs.FILTERS:
        raise NotModelledError(f"the command {name or '(without a name)'!r} is not modelled")
    args = [_text(word) for word in command.words[1:]]
    next(programs.FILTERS[name](args, (), Dice("")), None)  # what is wrong shows at once


def _text(word: syntax.Word) -> str:
    return "".join(part.text if not part.variable else "1" for part in word)
