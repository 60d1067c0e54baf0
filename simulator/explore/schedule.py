"""Schedules: what happened, move by move, told again for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from simulator import client_steps as steps
from simulator.explore.model import SessionModel
from simulator.explore.moves import Move
from simulator.explore.search import Problem
from simulator.explore.world import ASKED, Stage, World, seconds


class Played(msgspec.Struct, frozen=True):
    """One move of a schedule, with what the client did."""

    before: World
    move: Move
    effects: tuple[steps.Effect, ...]
    after: World


class Line(msgspec.Struct, frozen=True):
    """One move as it is told."""

    at: int
    """Nanoseconds since the session began."""
    what: str
    fault: bool
    client: tuple[str, ...]


def play(model: SessionModel, schedule: tuple[str, ...]) -> tuple[list[Played], Problem | None]:
    """Play a schedule again; it ends with what is wrong. KeyError for what cannot happen."""
    node, played = model.start(), []
    problem: Problem | None = None
    for name in schedule:
        move = {move.name: move for move in model.moves(node)}[name]
        after, effects, problem = model.step(node, move)
        played.append(Played(node.world, move, tuple(effects), after.world))
        node = after
    return played, problem or model.problem(node)


def lines(played: list[Played], addresses: tuple[str, ...]) -> Iterator[Line]:
    """Tell a schedule; time that passes is in the times of what follows it."""
    for index, one in enumerate(played):
        last = index == len(played) - 1
        if one.move.event is None and not last:
            continue
        where = _where(one.before, addresses) if one.move.event else ""
        yield Line(
            one.after.now,
            where + one.move.name,
            one.move.fault,
            tuple(text for effect in one.effects if (text := describe(effect))),
        )


def text(line: Line) -> str:
    """Write one move on one line, for people."""
    fault = " (fault)" if line.fault else ""
    does = f"  -> {', '.join(line.client)}" if line.client else ""
    return f"{seconds(line.at):>5} s  {line.what}{fault}{does}"


def _where(world: World, addresses: tuple[str, ...]) -> str:
    if world.stage in ASKED | {Stage.STREAM, Stage.CLOSED} and world.recorder >= 0:
        return f"[{addresses[world.recorder]}] "
    return ""


def describe(effect: steps.Effect) -> str:
    """Say what the client does; empty for its timers, which show when they fire."""
    match effect:
        case steps.Enter(state=state):
            return f"enters {state}"
        case steps.Dial(address=address):
            return f"dials {address}"
        case steps.Open(v2=v2):
            return f"opens an upload of {'v2' if v2 else 'v1'}"
        case steps.Tried(recorder=recorder, failure=failure):
            return f"gives {recorder} up: {failure}" if failure else f"chose {recorder}"
        case steps.Send(data=data):
            return f"sends output {data}"
        case steps.Show(data=data):
            return f"shows output {data}"
        case steps.Exit(status=status):
            return f"tells the exit status {status}"
        case steps.StartCommand(recorded=recorded):
            return f"starts the command, {'recorded' if recorded else 'not recorded'}"
        case steps.Notify(event_type=event_type):
            return f"posts a notice of type {event_type}"
        case _:
            return _PLAIN.get(type(effect), "")


_PLAIN: dict[type[steps.Effect], str] = {
    steps.Probe: "probes",
    steps.Cancel: "drops the connection",
    steps.SendHeader: "sends the header",
    steps.CloseBody: "ends the body",
    steps.Reject: "rejects the session",
    steps.Terminate: "terminates the session",
    steps.KillCommand: "hangs up on the command",
    steps.Abort: "aborts",
    steps.Finish: "is over",
}
