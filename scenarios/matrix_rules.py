"""The rules by which the matrix is pruned to what is meaningful, as data.

A combination is left out by the first rule that applies to it. Rules first say what does not
exist, then what is the same as something that is played, then how widely the failure action and
the place in the list are varied.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from scenarios.matrix_axes import (
    CHOOSING,
    EARLY,
    RUNNING,
    Combination,
    Moment,
    OnFailure,
    Protocol,
    Which,
)
from scenarios.matrix_faults import CODES, FAULTS, STATUSES, Outcome, Struck

M = Moment


class Rule(msgspec.Struct, frozen=True):
    """A reason to leave combinations out."""

    name: str
    text: str
    applies: Callable[[Combination], bool]


_DIALS = ("refused", "unreachable", "backlog-full", "tls")
_ACKS = ("acks-missing", "acks-late", "acks-falling", "acks-too-high")
_CODES = tuple(f"rst-{code}" for code in CODES)
_USUAL_CODE = "rst-internal-error"
_FRAMES = ("error-frame", "goaway", "goaway-error", *_ACKS, *_CODES)
_ANSWERS = tuple(f"status-{status}" for status in STATUSES)
_FROM_OUTSIDE = tuple(
    name
    for name, fault in FAULTS.items()
    if all(isinstance(row.how, Struck) for row in fault.rows) and name not in _DIALS
)
_QUALITIES = ("slow", "narrow", "sliced")
_SILENCES = ("silent", "black-hole", "stopped")


def _outcome(c: Combination) -> Outcome | None:
    row = FAULTS[c.fault].row(c.moment, c.protocol)
    return row.outcome if row else None


def _ends_the_choice(c: Combination) -> bool:
    """Tell whether nobody is left to try when the recorder that is struck fails."""
    return c.which.number == c.which.of


def _fails_to_start(c: Combination) -> bool:
    return _outcome(c) is Outcome.NOT_TAKEN and _ends_the_choice(c)


def _wide(c: Combination) -> bool:
    """Tell whether all four failure actions are played there."""
    return c.moment in CHOOSING or c.moment is M.FIRST_OUTPUT


RULES = (
    Rule(
        "dialling",
        "What refuses, ignores or misreads a dial happens while one dials.",
        lambda c: c.fault in _DIALS and c.moment is not M.DIAL,
    ),
    Rule(
        "no-protocol-yet",
        "A recorder that never says a word has no version; v2 stands for both.",
        lambda c: (
            c.protocol is Protocol.V1
            and (c.moment is M.DIAL or (c.fault == "killed" and c.moment is M.PROBE))
            and c.fault not in (*_QUALITIES, "continued")
        ),
    ),
    Rule(
        "v2-only",
        "Acks, error frames, GOAWAY and RST_STREAM exist in v2 only.",
        lambda c: c.protocol is Protocol.V1 and c.fault in _FRAMES,
    ),
    Rule(
        "http1-only",
        "A recorder without HTTP/2 is a v1 recorder, and the probe is where it shows.",
        lambda c: (
            c.fault == "http1-only" and (c.protocol is Protocol.V2 or c.moment is not M.PROBE)
        ),
    ),
    Rule(
        "no-request-yet",
        "What is said in an answer is said to a request: the first is the probe.",
        lambda c: (
            c.moment is M.DIAL
            and c.fault in (*_ANSWERS, *_FRAMES, "wrong-content", "ended-early", "reader-stalled")
        ),
    ),
    Rule(
        "no-upload-yet",
        "Acks, error frames and the early end of an answer belong to an upload that was taken;"
        " over v1 a final answer in place of the interim 100 is one that ended too early.",
        lambda c: (
            c.moment in CHOOSING
            and c.fault in (*_ACKS, "error-frame", "ended-early", "reader-stalled")
            and not (c.fault == "ended-early" and c.moment is M.OPEN and c.protocol is Protocol.V1)
        ),
    ),
    Rule(
        "one-status",
        "A status is said once: over v2 before the recording, over v1 before it or at its end."
        " A v1 answer in the middle is an early end whatever its status; 500 stands for all.",
        lambda c: (
            c.fault in _ANSWERS
            and c.moment not in CHOOSING
            and (
                c.protocol is Protocol.V2 or (c.moment is not M.CLOSING and c.fault != "status-500")
            )
        ),
    ),
    Rule(
        "wrong-content",
        "HTML in place of an answer comes with its head; over v2 in the middle it is garbage, and"
        " to a HEAD there is no content.",
        lambda c: (
            c.fault == "wrong-content"
            and c.moment is not M.OPEN
            and not (c.moment is M.CLOSING and c.protocol is Protocol.V1)
        ),
    ),
    Rule(
        "the-end-is-not-early",
        "At the end of the session the end of the answer is what is wanted.",
        lambda c: c.fault == "ended-early" and c.moment is M.CLOSING,
    ),
    Rule(
        "exact-moments",
        "What is done from outside comes milliseconds late, and these moments are over by then:"
        " what a recorder itself does there, to the frame, stands for it.",
        lambda c: (
            c.fault in _FROM_OUTSIDE
            and c.moment in (M.PROBE, M.OPEN, *EARLY)
            and not (c.fault == "killed" and c.moment is M.PROBE)
        ),
    ),
    Rule(
        "v1-hears-nothing",
        "Over v1 silence shows only at the end (D13, D15), so closing stands for the time before;"
        " a black hole in a flood is played and heals.",
        lambda c: (
            c.protocol is Protocol.V1
            and c.fault in _SILENCES
            and c.moment in RUNNING
            and not (c.fault == "black-hole" and c.moment is M.FLOOD)
        ),
    ),
    Rule(
        "qualities",
        "A line that is slow, narrow or sliced is the same whenever it became so: it is played from"
        " the dial on and where much passes, slow also from the first output on, sliced also in"
        " the middle of a character.",
        lambda c: (
            c.fault in _QUALITIES
            and c.moment not in (M.DIAL, M.FLOOD)
            and not (c.fault != "narrow" and c.moment is M.FIRST_OUTPUT)
            and not (c.fault == "sliced" and c.moment is M.MID_CHARACTER)
        ),
    ),
    Rule(
        "restarted",
        "One that is back before anybody dials was never gone; at the end killed stands for it.",
        lambda c: c.fault == "restarted" and c.moment in (M.DIAL, M.CLOSING),
    ),
    Rule(
        "something-to-read",
        "That nobody reads shows when something is sent.",
        lambda c: c.fault == "reader-stalled" and c.moment not in (M.FIRST_OUTPUT, M.FLOOD),
    ),
    Rule(
        "late-acks",
        "Late acks take 22 s each: from the start, from the first output on, and at the end.",
        lambda c: (
            c.fault == "acks-late" and c.moment not in (M.BEFORE_HEADER, M.FIRST_OUTPUT, M.CLOSING)
        ),
    ),
    # --- how widely the failure action and the place are varied ---------------------------------
    Rule(
        "one-code",
        "RST_STREAM with any code comes to the same: INTERNAL_ERROR is played everywhere, the"
        " others when the upload is opened, at the first output and at the end, to one recorder.",
        lambda c: (
            c.fault in _CODES
            and c.fault != _USUAL_CODE
            and (
                c.moment not in (M.OPEN, M.FIRST_OUTPUT, M.CLOSING)
                or c.on_failure not in (OnFailure.BOTH, OnFailure.NEITHER)
                or (c.moment is not M.FIRST_OUTPUT and c.on_failure is OnFailure.NEITHER)
                or c.which is not Which.ONLY
            )
        ),
    ),
    Rule(
        "nothing-failed",
        "A session whose recording fails nowhere consults no failure action: with both messages,"
        " and at the first output with neither, is enough; and which recorder it is, once more.",
        lambda c: (
            _outcome(c) is Outcome.KEPT
            and (c.which, c.on_failure)
            not in {
                (Which.ONLY, OnFailure.BOTH),
                (Which.SECOND_OF_THREE, OnFailure.TERMINATE),
                *([(Which.ONLY, OnFailure.NEITHER)] if _wide(c) else ()),
            }
        ),
    ),
    Rule(
        "somebody-left",
        "Where a further recorder takes the recording no failure action is consulted: the first of"
        " two with both messages, the second of three with neither.",
        lambda c: (
            _outcome(c) is Outcome.NOT_TAKEN
            and not _ends_the_choice(c)
            and (c.which, c.on_failure)
            not in {
                (Which.FIRST_OF_TWO, OnFailure.BOTH),
                (Which.SECOND_OF_THREE, OnFailure.NEITHER),
            }
        ),
    ),
    Rule(
        "last-of-three",
        "The last of three fails like the only one, with more attempts to tell: all four failure"
        " actions for the only one, both messages for the last.",
        lambda c: (
            c.which is Which.LAST_OF_THREE
            and not (_fails_to_start(c) and c.on_failure is OnFailure.BOTH)
        ),
    ),
    Rule(
        "no-second-choice",
        "There is no failover after the start, so what comes after in the list is only there to be"
        " left alone: the second of three has both before and after it.",
        lambda c: (
            _outcome(c) in (Outcome.LOST, Outcome.LOST_AT_END) and c.which is Which.FIRST_OF_TWO
        ),
    ),
    Rule(
        "two-messages",
        "Each message is consulted at one time only. Of a loss all four failure actions are played"
        " at the first output, elsewhere both and neither.",
        lambda c: (
            _outcome(c) in (Outcome.LOST, Outcome.LOST_AT_END)
            and not _wide(c)
            and c.on_failure not in (OnFailure.BOTH, OnFailure.NEITHER)
        ),
    ),
    Rule(
        "one-place",
        "Of a loss the second of three is played at the first output, with the message that ends"
        " the session and with none.",
        lambda c: (
            _outcome(c) in (Outcome.LOST, Outcome.LOST_AT_END)
            and c.which is Which.SECOND_OF_THREE
            and (
                c.moment is not M.FIRST_OUTPUT
                or c.on_failure not in (OnFailure.TERMINATE, OnFailure.NEITHER)
            )
        ),
    ),
)
"""In order; the first that applies says why a combination is left out."""


def left_out_by(combination: Combination) -> Rule | None:
    """Return the rule by which a combination is left out, None for one that is played."""
    return next((rule for rule in RULES if rule.applies(combination)), None)
