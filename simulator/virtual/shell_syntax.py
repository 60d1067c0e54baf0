"""The little of the shell's language that scenarios use, read into a tree.

What is not modelled is an error that says so: a scenario that uses it is not played here.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class NotModelledError(Exception):
    """The virtual world cannot play this; the message says what."""


class Part(msgspec.Struct, frozen=True):
    """A piece of a word: text, or the variable of that name."""

    text: str
    quoted: bool = False
    variable: bool = False


Word: TypeAlias = tuple[Part, ...]


class Redirect(msgspec.Struct, frozen=True):
    """Where file descriptor `fd` leads: another descriptor, or nowhere (`/dev/null`)."""

    fd: int
    to: int | None


class Simple(msgspec.Struct, frozen=True):
    """A command and its arguments."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """``( … )``."""

    body: Script
    redirects: tuple[Redirect, ...] = ()


class Loop(msgspec.Struct, frozen=True):
    """``for NAME in WORDS; do …; done``."""

    name: str
    words: tuple[Word, ...]
    body: Script


Command: TypeAlias = Simple | Group | Loop


class Pipeline(msgspec.Struct, frozen=True):
    """Commands, each of which reads what the one before it writes."""

    commands: tuple[Command, ...]


class AndOr(msgspec.Struct, frozen=True):
    """Pipelines, each run when the one before succeeded (``&&``) or failed (``||``)."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()
    background: bool = False


class Script(msgspec.Struct, frozen=True):
    """One thing after the other."""

    jobs: tuple[AndOr, ...]


Token: TypeAlias = "Word | str"  # noqa: S105
"""A word, or an operator."""

_OPERATORS = ("&&", "||", ">&", "<", ">", ";", "&", "|", "(", ")")
_SPECIAL = frozenset("`*?[]{}~#!")
_END = ""


def read(text: str) -> Script:
    """Read a command line; raises NotModelledError."""
    tokens = _Tokens(list(_tokens(text)))
    script = tokens.script(())
    if tokens.next != _END:
        raise NotModelledError(f"the shell's {tokens.next!r} at this place is not modelled")
    return script


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text[at] == "\n":
            found.append(";")
            at += 1
        else:
            operator = next((o for o in _OPERATORS if text.startswith(o, at)), "")
            if operator:
                found.append(operator)
                at += len(operator)
            else:
                word, at = _word(text, at)
                found.append(word)
    return found


def _word(text: str, at: int) -> tuple[Word, int]:
    parts: list[Part] = []
    while at < len(text) and text[at] not in " \t\n;&|()<>":
        char = text[at]
        if char == "'":
            end = _closing(text, at, "'")
            parts.append(Part(text[at + 1 : end], quoted=True))
            at = end + 1
        elif char == '"':
            end = _closing(text, at, '"')
            inside = text[at + 1 : end]
            if "\\" in inside or "`" in inside:
                raise NotModelledError("escapes in double quotes are not modelled")
            parts += _in_quotes(inside)
            at = end + 1
        elif char == "$":
            name = _name(text, at + 1)
            parts.append(Part(name, variable=True))
            at += 1 + len(name)
        elif char == "\\":
            raise NotModelledError("a backslash outside quotes is not modelled")
        elif char in _SPECIAL:
            raise NotModelledError(f"the shell's {char!r} is not modelled")
        else:
            parts.append(Part(char))
            at += 1
    return tuple(parts), at


def _closing(text: str, at: int, quote: str) -> int:
    end = text.find(quote, at + 1)
    if end < 0:
        raise NotModelledError("a command that goes on behind its line is not modelled")
    return end


def _in_quotes(text: str) -> list[Part]:
    parts, at = [], 0
    while at < len(text):
        if text[at] == "$":
            name = _name(text, at + 1)
            parts.append(Part(name, quoted=True, variable=True))
            at += 1 + len(name)
        else:
            parts.append(Part(text[at], quoted=True))
            at += 1
    return parts or [Part("", quoted=True)]


def _name(text: str, at: int) -> str:
    if text[at : at + 1] == "?":
        return "?"
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    if end == at or text[at].isdigit():
        raise NotModelledError(f"the shell's '${text[at : at + 1]}' is not modelled")
    return text[at:end]


class _Tokens:
    """Reads the tokens of one command line."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> Token:
        """The token to come; the end is the empty operator."""
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def take(self) -> Token:
        """Go one token on."""
        token = self.next
        self._at += 1
        return token

    def script(self, until: tuple[str, ...]) -> Script:
        """Read jobs up to the end, a bracket, or one of these words."""
        jobs = []
        while self.next not in (_END, ")") and plain(self.next) not in until:
            job = self._and_or()
            if self.next in (";", "&"):
                background = self.take() == "&"
                job = msgspec.structs.replace(job, background=background)
                while self.next == ";":
                    self.take()
            jobs.append(job)
        return Script(tuple(jobs))

    def _and_or(self) -> AndOr:
        first = self._pipeline()
        rest = []
        while self.next in ("&&", "||"):
            operator = str(self.take())
            rest.append((operator, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        commands = [self._command()]
        while self.next == "|":
            self.take()
            commands.append(self._command())
        return Pipeline(tuple(commands))

    def _command(self) -> Command:
        if self.next == "(":
            self.take()
            body = self.script(())
            self._expect(")")
            return Group(body, tuple(self._redirects()))
        if plain(self.next) == "for":
            return self._loop()
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirects += self._redirects()
            if isinstance(self.next, str):
                break
            words.append(self.take())  # type: ignore[arg-type]
        if not words:
            raise NotModelledError(f"the shell's {self.next!r} at this place is not modelled")
        return Simple(tuple(words), tuple(redirects))

    def _loop(self) -> Loop:
        self.take()
        name = plain(self.take())
        self._expect("in")
        words: list[Word] = []
        while not isinstance(self.next, str):
            words.append(self.take())  # type: ignore[arg-type]
        self._expect(";")
        self._expect("do")
        body = self.script(("done",))
        self._expect("done")
        return Loop(name, tuple(words), body)

    def _redirects(self) -> list[Redirect]:
        found: list[Redirect] = []
        while True:
            fd = self._fd_before_redirect()
            if self.next not in (">", "<", ">&"):
                return found
            operator = self.take()
            target = plain(self.take())
            default = 0 if operator == "<" else 1
            if operator == ">&" and target in ("1", "2"):
                found.append(Redirect(default if fd is None else fd, int(target)))
            elif operator != ">&" and target == "/dev/null":
                found.append(Redirect(default if fd is None else fd, None))
            else:
                raise NotModelledError(f"redirecting to {target!r} is not modelled")

    def _fd_before_redirect(self) -> int | None:
        """Take the number of ``2>``, which must stand directly before it."""
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else _END
        if plain(self.next) in ("1", "2") and following in (">", ">&"):
            return int(plain(self.take()))
        return None

    def _expect(self, wanted: str) -> None:
        token = self.take()
        if token != wanted and plain(token) != wanted:
            raise NotModelledError(f"a shell's command without its {wanted!r} is not modelled")


def plain(token: Token) -> str:
    """Return a word that holds nothing but unquoted text; nothing for any other."""
    if isinstance(token, str) or any(part.quoted or part.variable for part in token):
        return ""
    return "".join(part.text for part in token)
