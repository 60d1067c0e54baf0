"""The scripted recorder in virtual time: proper up to the moment at which its script departs.

It keeps nothing. What either version does stands in `script_v2` and `script_v1`.
"""

from __future__ import annotations

from functools import partial

from simulator.virtual.clock import MICROSECOND, Dice
from simulator.virtual.link import Link
from simulator.virtual.messages import Message
from simulator.virtual.script_talk import Preface, Role, Spoilt, Talk
from simulator.virtual.script_v1 import TalkV1
from simulator.virtual.script_v2 import TalkV2


class ScriptedRecorder:
    """Serves one script. `v2` says which version it speaks."""

    def __init__(self, dice: Dice, role: Role, *, v2: bool) -> None:
        self._dice = dice
        self._role = role
        self._v2 = v2
        self._talks: dict[str, Talk] = {}
        self._read_until = 0

    def received(self, link: Link, message: Message) -> None:
        """Take in what came, in order, after the moment that reading it takes."""
        now = self._role.clock.now()
        took = self._dice.between(50 * MICROSECOND, 500 * MICROSECOND)
        self._read_until = max(self._read_until, now + took)
        self._role.clock.later(self._read_until - now, partial(self._take, link, message))

    def _take(self, link: Link, message: Message) -> None:
        talk = self._talks.get(link.name)
        if talk is None:
            talk = self._talks[link.name] = self._begin(link)
        talk.take(message)

    def _begin(self, link: Link) -> Talk:
        """Say how a connection is served, by what is spoken on it first."""
        if self._role.script.moment == "dial":
            return Spoilt(self._role, link)
        if link.http != "2":
            return TalkV1(self._role, link)
        return TalkV2(self._role, link) if self._v2 else Preface(self._role, link)
