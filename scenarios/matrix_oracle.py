"""What the protocol calls for in one combination: a pure function of what becomes of the recording.

It stands on sections 3 to 5 of the protocol and on D2, D12 and D13 alone, and asks neither the
recorder client nor the transition table: tests hold all three against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from conformance.machine import State
from conformance.scenario import Expectation, ExpectedAttempt
from scenarios.matrix_axes import Combination, OnFailure
from scenarios.matrix_faults import Outcome, Row, Struck

REJECT = "No recorder is up: this session may not start."
TERMINATE = "The recording was lost: this session ends here."
SESSION = "s1"
EXIT = 7
"""How the session's command ends by itself."""
FIRST, LAST = "one-two", "three-four"
"""What the command shows at its start and at its end."""
REJECTED_EXIT = 254
REJECTED, TERMINATED, FAILED = 1, 2, 3
"""The types of notices (section 5)."""

S = State


def recorder(number: int) -> str:
    """Return the name of the recorder with this number, from 1."""
    return f"rec{number}"


def expectation(combination: Combination, row: Row) -> Expectation:
    """Return all that must hold for the session of this combination."""
    which = combination.which
    before = [(recorder(number), Outcome.NOT_TAKEN, False) for number in range(1, which.number)]
    # Nobody looks into the storage of a scripted recorder.
    struck = (recorder(which.number), row.outcome, isinstance(row.how, Struck))
    after = [(recorder(n), Outcome.KEPT, True) for n in range(which.number + 1, which.of + 1)]
    return derived([*before, struck, *after], combination.on_failure)


def derived(recorders: Sequence[tuple[str, Outcome, bool]], tells: OnFailure) -> Expectation:
    """Return all that must hold where these recorders are listed, in this order.

    Each is a name, what becomes of the recording there when its turn comes, and whether somebody
    looks into its storage. Whatever comes after the one that takes the recording is left alone.
    """
    path = [S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY]
    passed = list(takewhile(lambda one: one[1] is Outcome.NOT_TAKEN, recorders))
    attempts = [ExpectedAttempt(recorder=name, failed=True) for name, _, _ in passed]
    if passed:
        path.append(S.TRY_FAILOVER)
    if len(passed) == len(recorders):
        path.append(S.RECORDING_FAILED)
        return _not_recorded(path, attempts, rejects=tells.rejects)
    name, outcome, looked_into = recorders[len(passed)]
    attempts.append(ExpectedAttempt(recorder=name))
    path += [S.CONNECTED, S.STREAMING]
    recorded_by = name if looked_into else ""
    if outcome is Outcome.KEPT:
        return Expectation(
            session=SESSION,
            path=(*path, S.SESSION_COMPLETE),
            exit=EXIT,
            attempts=tuple(attempts),
            shows=(FIRST, LAST),
            hides=(REJECT, TERMINATE),
            recording="complete" if recorded_by else "none",
            recorded_by=recorded_by,
        )
    at_end = outcome is Outcome.LOST_AT_END
    path.append(S.CONNECTION_LOST)
    return _lost(path, attempts, recorded_by, terminates=tells.terminates, at_end=at_end)


def _not_recorded(
    path: list[State], attempts: list[ExpectedAttempt], *, rejects: bool
) -> Expectation:
    """No recorder took it: refused with a message, or an ordinary session without a recording."""
    if rejects:
        return Expectation(
            session=SESSION,
            path=(*path, S.SESSION_REJECTED),
            exit=REJECTED_EXIT,
            attempts=tuple(attempts),
            notices=(REJECTED,),
            shows=(REJECT,),
            hides=(FIRST, TERMINATE),
        )
    return Expectation(
        session=SESSION,
        path=(*path, S.SESSION_ALLOWED, S.SESSION_COMPLETE),
        exit=EXIT,
        attempts=tuple(attempts),
        notices=(FAILED,),
        shows=(FIRST, LAST),
        hides=(REJECT, TERMINATE),
    )


def _lost(
    path: list[State],
    attempts: list[ExpectedAttempt],
    recorded_by: str,
    *,
    terminates: bool,
    at_end: bool,
) -> Expectation:
    """It was lost: ended with a message, or gone on with; what had exited has exited (D12)."""
    ended = terminates and not at_end
    rest = (S.SESSION_TERMINATED,) if terminates else (S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE)
    return Expectation(
        session=SESSION,
        path=(*path, *rest),
        exit="nonzero" if ended else EXIT,
        attempts=tuple(attempts),
        notices=(TERMINATED if terminates else FAILED,),
        shows=(TERMINATE,) if ended else (FIRST, LAST),
        hides=(REJECT, LAST) if ended else (REJECT, TERMINATE),
        recording="prefix" if recorded_by else "none",
        recorded_by=recorded_by,
    )
