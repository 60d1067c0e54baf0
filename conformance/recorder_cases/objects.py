"""Cases about S3: the five providers, and what a recorder does when the service fails it.

Each plays a recorder of its own against a layer before the run's S3 service; storage is looked into
past that layer. Whether a fault is met by another try is the recorder's own business: what counts
is that success means a whole recording in the bucket, and that anything else is told.
"""

from __future__ import annotations

from conformance.cases import Level, Need, Phase, case
from conformance.checkers.exchanges import judge_upload
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.history import Kind
from conformance.probed import Remarked, Signalled
from conformance.recorder_cases.heads import asked

_BUCKET = (Need.S3, Need.FRESH)

S3_LOG = "s3"
"""Remark: the last requests that the layer saw, with what was answered."""
FAULT = "fault"
"""Remark: a fault that was played, and on what."""
REFUSED = "refused"
"""Remark: ``RULE: …`` for a request that a provider's rule refused."""
LEFT = "left while the session went on"
"""Remark: bytes that were on their way into the bucket before the session's end."""

ANSWER_S = 15.0
"""Seconds for the answer to an upload while the service is away: then the client is long gone."""
HEALED_S = 15.0
"""Seconds after which a recorder has to serve again once the service does."""
LARGE = 12 << 20
"""Bytes of a recording that does not go in one part, and whose last part is the shortest."""
LONG = 32 << 20
"""Bytes of a session after which some must be on their way: parts of most clients have 5 to 16."""
STARTED = 1 << 20
"""Bytes that have to be on their way."""


# --- what all of them share -----------------------------------------------------------------------


def remarks(seen: Seen, what: str) -> list[str]:
    """Return the values of all remarks of a name."""
    found: list[Kind] = [event.what for event in seen.of(Remarked)]
    return [one.value for one in found if isinstance(one, Remarked) and one.what == what]


def _story(seen: Seen, exchange: Exchange) -> tuple[str, ...]:
    faults = [f"  S3: {value}" for value in dict.fromkeys(remarks(seen, FAULT))]
    return (*exchange.story(), *faults, *(f"  S3: {log}" for log in remarks(seen, S3_LOG)))


def _went_well(seen: Seen, exchange: Exchange, out: Findings) -> None:
    """Judge an upload like any other with which nothing was wrong."""
    judge_upload(seen, exchange, "whole", out)


def _last_word(exchange: Exchange) -> bool:
    """Tell whether a v2 answer ended with an error frame, one without words included."""
    last = exchange.frames[-1].value if exchange.frames else None
    return isinstance(last, dict) and "error" in last and "ack" not in last


def _honest(seen: Seen, exchange: Exchange, out: Findings) -> None:
    """Of an upload that was taken: success means that it is whole in the bucket, else it is told.

    An error frame without words is not taken for success; that it has none is judged elsewhere.
    """
    story = _story(seen, exchange)
    if exchange.succeeded and not _last_word(exchange):
        _went_well(seen, exchange, out)
        most = max((kept.agrees for kept in exchange.kept if kept.whole), default=0)
        if most >= exchange.size:
            out.unseen("storage-6", f"{exchange.name}: nothing failed, the recording is whole")
        elif exchange.looked:
            out.broken(
                "storage-6",
                f"{exchange.name}: answered with success, and the bucket has {most} of"
                f" {exchange.size} bytes",
                *story,
            )
        return
    if exchange.v2:
        told, right = _last_word(exchange), "an error frame"
    else:
        told = exchange.status not in (None, OK)
        right = "a final status other than 200"
    out.expect(
        "storage-6",
        told,
        f"{exchange.name}: {exchange.trouble}; {right} would have told it",
        *story,
    )
    if exchange.v2 and exchange.error:
        out.held("acks-17")
    if not exchange.v2 and exchange.status not in (None, OK):
        out.expect(
            "v1-15",
            exchange.status >= 500,
            f"{exchange.name}: the service failed, and the final status is {exchange.status}",
            *story,
        )
    _prefixes(seen, exchange, out)


def _prefixes(seen: Seen, exchange: Exchange, out: Findings) -> None:
    """What there is of an upload that failed is its beginning."""
    for kept in exchange.kept:
        out.expect(
            "storage-1",
            kept.agrees == kept.size,
            f"{exchange.name}: {kept.path} differs from what was sent at byte {kept.agrees}",
            *_story(seen, exchange),
        )


def _taken(seen: Seen, exchange: Exchange, out: Findings) -> bool:
    """Tell whether an upload was taken while the service was well; not so is a fault of its own."""
    if exchange.opened_at is None:
        _went_well(seen, exchange, out)
    return exchange.opened_at is not None


def _all_honest(seen: Seen, out: Findings) -> None:
    """Every upload of a case was taken, and came to an honest end."""
    found = [exchange for exchange in seen.exchanges if exchange.upload]
    for exchange in found or asked(seen, "v2", "storage-6", out):
        if _taken(seen, exchange, out):
            _honest(seen, exchange, out)


# --- a bucket, and whose it may be ----------------------------------------------------------------


@case(
    "objects/stored",
    "recordings of any size lie in the bucket that the operator chose",
    level=Level.STORAGE,
    clauses=("storage-11", "storage-1", "storage-2", "storage-3", "storage-4", "storage-5"),
    shows=("storage-11",),
    needs=_BUCKET,
    phase=Phase.STORAGE,
)
def stored(seen: Seen, out: Findings) -> None:
    """What was answered with success lies in that bucket and nowhere else."""
    for exchange in asked(seen, "main", "storage-11", out):
        if exchange.succeeded and exchange.looked and not exchange.kept:
            out.broken(
                "storage-11",
                f"{exchange.size} bytes were answered with success, none is in the bucket",
                *_story(seen, exchange),
            )


PROVIDERS = {
    "aws": "AWS S3",
    "r2": "Cloudflare R2",
    "b2": "Backblaze B2",
    "gcs": "Google Cloud Storage",
    "minio": "MinIO",
}
"""Providers by their names in `fixtures.providers`, with how they call themselves."""


def _provided(seen: Seen, out: Findings) -> None:
    """All uploads go well with what this provider takes and refuses."""
    found = asked(seen, "small", "storage-12", out)
    if not found:
        return
    failed = []
    for exchange in seen.exchanges:
        if exchange.succeeded:
            _went_well(seen, exchange, out)
        elif exchange.upload:
            failed.append(exchange)
    refused = list(dict.fromkeys(remarks(seen, REFUSED)))
    if not failed:
        out.held("storage-12")
    elif any(one.startswith("region:") for one in refused):
        out.unseen(
            "storage-12",
            f"requests are signed for another region ({refused[0]}); a target is told its region"
            " by AWS_REGION and AWS_DEFAULT_REGION",
        )
    else:
        why = f"; refused were {', '.join(refused)}" if refused else ""
        out.broken(
            "storage-12",
            f"{failed[0].name}: {failed[0].trouble}{why}",
            *_story(seen, failed[0]),
        )


for _name, _title in PROVIDERS.items():
    case(
        f"objects/{_name}",
        f"recordings are stored in {_title}: small, large, and many of one node in one second",
        level=Level.STORAGE,
        clauses=("storage-12", "storage-1", "storage-2", "storage-3"),
        needs=_BUCKET,
        phase=Phase.STORAGE,
        seconds=15.0,
    )(_provided)


@case(
    "objects/parts-leave",
    "parts of a long session leave for the bucket while it goes on",
    level=Level.STORAGE,
    clauses=("storage-15", "storage-2"),
    needs=_BUCKET,
    phase=Phase.STORAGE,
    seconds=20.0,
)
def parts_leave(seen: Seen, out: Findings) -> None:
    """Of 32 MiB some are on their way before the end."""
    for exchange in asked(seen, "main", "storage-15", out):
        left = remarks(seen, LEFT)
        if not left:
            out.unseen("storage-15", f"the session did not last so long: {exchange.trouble}")
            continue
        out.expect(
            "storage-15",
            int(left[0]) >= STARTED,
            f"of {LONG >> 20} MiB that a session had sent {left[0]} bytes had left for the bucket",
            *_story(seen, exchange),
        )


# --- nothing can be stored from the beginning -----------------------------------------------------

SHUT = {
    "slow-down": "answers 503 SlowDown",
    "internal-error": "answers 500",
    "access-denied": "answers 403 AccessDenied",
    "no-such-bucket": "answers NoSuchBucket",
    "time-skewed": "answers RequestTimeTooSkewed",
    "dead": "refuses connections",
    "silent": "never answers",
}
"""What the service does, to every request."""


def _refusals(seen: Seen, out: Findings) -> None:
    """Each upload is refused with a status; one that is taken all the same ends honestly."""
    found = seen.named("v1") + seen.named("v2")
    for exchange in found or asked(seen, "v2", "storage-14", out):
        _refusal(seen, exchange, "v2-6" if exchange.v2 else "v1-7", out)


def _refusal(seen: Seen, exchange: Exchange, clause: str, out: Findings) -> None:
    story = _story(seen, exchange)
    if exchange.opened_at is None:
        plain = exchange.status not in (None, OK)
        wrong = "a final 200" if exchange.status == OK else exchange.trouble
        right = "a status other than 200 would have let the client go on to the next recorder"
        out.expect(clause, plain, f"{exchange.name}: {wrong}; {right}", *story)
        if plain:
            out.held("storage-14")
        return
    message = f"{exchange.name}: it was taken while nothing could be stored"
    if not exchange.sent and (exchange.error or (not exchange.v2 and exchange.status)):
        out.broken(clause, f"{message}, and failed before its first byte", *story)
    else:
        out.unseen(clause, f"{exchange.name}: it was taken, so nothing was refused")
    out.broken("storage-14", message, *story)
    if exchange.sent:
        _honest(seen, exchange, out)


for _name, _title in SHUT.items():
    case(
        f"objects/shut-{_name}",
        f"an upload is refused while S3 {_title}",
        level=Level.STORAGE,
        clauses=("v1-7", "v2-6", "storage-14", "storage-6"),
        needs=_BUCKET,
        phase=Phase.STORAGE,
        seconds=20.0,
    )(_refusals)


@case(
    "objects/heals",
    "once S3 is back, so is the recorder",
    level=Level.STORAGE,
    clauses=("storage-5", "storage-2"),
    needs=_BUCKET,
    phase=Phase.STORAGE,
    seconds=20.0,
)
def heals(seen: Seen, out: Findings) -> None:
    """Of the uploads that follow one goes well; those before it may still be refused."""
    tries = asked(seen, "again", "storage-5", out)
    if not tries:
        return
    last = tries[-1]
    if last.succeeded:
        _went_well(seen, last, out)
        return
    out.broken(
        "storage-5",
        f"S3 is back for {HEALED_S:.0f} s, and of {len(tries)} uploads none went well:"
        f" {last.trouble}",
        *_story(seen, last),
    )


# --- it fails while a session goes on -------------------------------------------------------------

FAILS = {**SHUT, "reset": "resets every connection"}
"""What the service does, to every request, from the middle of a session on."""

for _name, _title in FAILS.items():
    case(
        f"objects/fails-{_name}",
        f"a failure is told when S3 {_title} from the middle of a session on",
        level=Level.STORAGE,
        clauses=("storage-6", "acks-17", "v1-15", "storage-1", "storage-2"),
        needs=_BUCKET,
        phase=Phase.STORAGE,
        seconds=25.0,
    )(_all_honest)

BREAKS = {
    "dies-between-parts": "S3 dies between two parts",
    "part-denied": "S3 takes no part but the first",
    "complete-error": "CompleteMultipartUpload is answered 200 with an error document",
}
"""What happens to a recording in parts, until the end."""

ONCE = {
    "part-slow-down": "one part meets 503 SlowDown",
    "part-reset": "one part is reset half-way",
    "complete-error-once": "CompleteMultipartUpload is once answered 200 with an error document",
    "complete-answer-lost": "the success of CompleteMultipartUpload is not heard of",
    "put-answer-lost": "the success of PutObject is not heard of",
    "put-answer-reset": "the answer to PutObject breaks off",
    "put-conflict": "PutObject is once answered 409 ConditionalRequestConflict",
    "complete-conflict": "CompleteMultipartUpload is once answered ConditionalRequestConflict",
    "slow": "S3 takes 2 s for everything",
    "trickle": "S3 answers byte by byte",
}
"""What passes: a recorder may meet it by another try."""

for _name, _title in {**BREAKS, **ONCE}.items():
    case(
        f"objects/{_name}",
        f"success means a whole recording when {_title}",
        level=Level.STORAGE,
        clauses=("storage-6", "storage-1", "storage-2", "storage-3", "acks-17", "v1-15"),
        needs=_BUCKET,
        phase=Phase.STORAGE,
        seconds=25.0,
    )(_all_honest)


@case(
    "objects/killed-while-away",
    "what was acked before kill -9 while S3 was away lies in it once both are back",
    level=Level.STORAGE,
    clauses=("storage-9", "storage-1"),
    needs=(*_BUCKET, Need.KILL, Need.V2),
    phase=Phase.STORAGE,
    seconds=30.0,
)
def killed_while_away(seen: Seen, out: Findings) -> None:
    """As many bytes as were acked, as the beginning of a recording."""
    for exchange in asked(seen, "main", "storage-9", out):
        if not _taken(seen, exchange, out):
            continue
        if not exchange.acked:
            out.unseen("storage-9", f"nothing was acked: {exchange.trouble}")
            continue
        if not exchange.looked:
            out.unknown("storage-9", "the play did not come so far")
            continue
        back = [e.what for e in seen.of(Signalled) if isinstance(e.what, Signalled)]
        dead = any(signal.what == "restart" and not signal.ready for signal in back)
        most = max((kept.agrees for kept in exchange.kept if kept.whole), default=0)
        out.expect(
            "storage-9",
            most >= exchange.acked,
            f"{exchange.acked} bytes were acked before the kill, {most} are in the bucket after it"
            + ("; it did not serve again" if dead else ""),
            *_story(seen, exchange),
        )
        _prefixes(seen, exchange, out)
