"""Canaries: what must be nowhere (the seed's Privacy & Security Guarantees)."""

from __future__ import annotations

from conformance.checking import Findings, checks
from conformance.history import SecretSearched, Typed
from conformance.sessions import View

OUTPUT_CANARY = "output"
"""Name of the canary that stands in output, and so in recordings, but must not go further."""

MUST_SEARCH = frozenset({"recordings", "stored", "control", "shown", "logs"})
"""Places that have to be searched for a secret before anything can be said of it."""


@checks("privacy-1", "privacy-2")
def canaries(view: View, out: Findings) -> None:
    """Read the results of the searches that the world made."""
    searched = [e.what for e in view.of("world") if isinstance(e.what, SecretSearched)]
    typed = {e.what.secret for e in view.of("user") if isinstance(e.what, Typed) and e.what.secret}
    for secret in sorted(typed - {search.secret for search in searched}):
        out.unknown("privacy-1", f"nobody searched for the secret {secret!r}")
    for search in searched:
        if not set(search.where) >= MUST_SEARCH:
            out.unknown("privacy-1", f"{search.secret!r} was searched for in {search.where} alone")
        elif search.secret == OUTPUT_CANARY:
            out.expect(
                "privacy-2",
                "control" not in search.found,
                "output of a session reached the control plane",
            )
        elif search.secret in typed:
            out.expect(
                "privacy-1",
                not search.found,
                f"the secret {search.secret!r}, typed with echo off, was found",
                f"in: {', '.join(search.found)}",
            )
