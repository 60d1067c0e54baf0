"""Is what the SSH server sends a valid recording? Judged by the recording's own validator."""

from __future__ import annotations

from conformance.asciicast import CLAUSES, check
from conformance.checking import Findings, checks
from conformance.sessions import View


@checks(*CLAUSES)
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
        for finding in check(body):
            out.broken(
                finding.clause,
                finding.message,
                f"line {finding.line}, column {finding.column}",
                session=session.name,
            )
