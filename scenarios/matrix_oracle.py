"""What the protocol calls for in one combination: a pure function of what becomes of the recording.

It stands on sections 3 to 5 of the protocol and on D2, D12 and D13 alone, and asks neither the
recorder client nor the transition table: tests hold all three against each other.
"""

from __future__ import annotations

from conformance.machine import State
from conformance.scenario import Expectation, ExpectedAttempt
from scenarios.matrix_axes import Combination
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
    which, tells = combination.which, combination.on_failure
    taken_by = which.number
    attempts = [ExpectedAttempt(recorder=recorder(n), failed=True) for n in range(1, which.number)]
    path = [S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY]
    if row.outcome is Outcome.NOT_TAKEN:
        attempts.append(ExpectedAttempt(recorder=recorder(which.number), failed=True))
        taken_by += 1
    if taken_by > 1:
        path.append(S.TRY_FAILOVER)
    if taken_by > which.of:
        path.append(S.RECORDING_FAILED)
        return _not_recorded(path, attempts, rejects=tells.rejects)
    attempts.append(ExpectedAttempt(recorder=recorder(taken_by)))
    path += [S.CONNECTED, S.STREAMING]
    # Nobody looks into the storage of a scripted recorder.
    scripted = taken_by == which.number and not isinstance(row.how, Struck)
    name = "" if scripted else recorder(taken_by)
    if row.outcome in (Outcome.NOT_TAKEN, Outcome.KEPT):
        return Expectation(
            session=SESSION,
            path=(*path, S.SESSION_COMPLETE),
            exit=EXIT,
            attempts=tuple(attempts),
            shows=(FIRST, LAST),
            hides=(REJECT, TERMINATE),
            recording="complete" if name else "none",
            recorded_by=name,
        )
    at_end = row.outcome is Outcome.LOST_AT_END
    path.append(S.CONNECTION_LOST)
    return _lost(path, attempts, name, terminates=tells.terminates, at_end=at_end)


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
