"""Is what the SSH server sends a valid recording? Judged by the recording's own validator."""

from __future__ import annotations

from conformance.asciicast import CLAUSES, LINE_LIMIT, Level, check
from conformance.checking import Findings, checks
from conformance.sessions import View

CUT_OFF = "file-12"
LINE_FEED = b"\n"


@checks(*CLAUSES, CUT_OFF)
def valid(view: View, out: Findings) -> None:
    """Validate each recording as it was handed over; one that was cut off, to its last line."""
    for session in view.sessions.values():
        upload = session.upload
        if upload is None:
            continue
        body = upload.body
        if not upload.body_ended:
            body = body[: body.rfind(b"\n") + 1]
        for clause in CLAUSES:
            out.held(clause)
        found = check(body, line_limit=view.scenario.line_limit or LINE_LIMIT)
        for finding in found:
            out.broken(
                finding.clause,
                finding.message,
                f"line {finding.line}, column {finding.column}",
                session=session.name,
            )
        if not upload.body_ended and body:
            out.expect(
                CUT_OFF,
                not any(CLAUSES[finding.clause].level is Level.MUST for finding in found),
                "what was handed over is not valid up to its last whole line",
                f"lines: {body.count(LINE_FEED)}",
                session=session.name,
            )
