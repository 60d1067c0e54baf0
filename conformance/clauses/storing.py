"""Recordings at rest: protocol section 7."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_RECORDER, _STORAGE = Binds.RECORDER, Binds.STORAGE
_MUST, _SHOULD = Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "storage-1",
        _MUST,
        _RECORDER,
        "A recording is stored as it was sent: the same bytes in the same order.",
        "An audit compares bytes, and a recorder that repairs can also falsify.",
        "D10; S: Data Flow Sequence; protocol §6",
    ),
    Clause(
        "storage-2",
        _MUST,
        _RECORDER,
        "A recording whose end was answered with success is stored to its last byte.",
        "Success without the end is a silent loss.",
        "D10; S: Data Flow Sequence",
    ),
    Clause(
        "storage-3",
        _MUST,
        _RECORDER,
        "Each upload leaves a recording of its own, without a byte of any other.",
        "Mixed recordings accuse the wrong person.",
        "S: Storage Backend Options; D9",
    ),
    Clause(
        "storage-4",
        _MUST,
        _STORAGE,
        "A recording lies at NodeID/timestamp.cast below the base path, in S3 as in a filesystem.",
        "Whoever looks for a session knows node and time.",
        "S: Storage Backend Options",
    ),
    Clause(
        "storage-5",
        _MUST,
        _RECORDER,
        "A recorder that is not disturbed takes a recording to its end, and answers with success.",
        "A recorder that gives up by itself ends sessions under enforcement, and hides the others.",
        "S: Failure Handling States; protocol §4",
    ),
    Clause(
        "storage-6",
        _MUST,
        _RECORDER,
        "A recorder that fails to store what it has taken says so: by an error frame over v2, by a"
        " final status other than 200 over v1.",
        "A loss that is told can end a session or raise an alert; a silent one cannot.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "storage-7",
        _SHOULD,
        _STORAGE,
        "The timestamp of the path is the start of the recording as RFC 3339 in UTC.",
        "It sorts by time, and nobody has to guess a time zone.",
        "D9; protocol §7",
    ),
    Clause(
        "storage-8",
        _SHOULD,
        _STORAGE,
        "Two recordings of one node that start in the same second have two names.",
        "A second name is better than a session that overwrites another.",
        "D9; protocol §7",
    ),
    Clause(
        "storage-9",
        _SHOULD,
        _RECORDER,
        "What was acked before a recorder is killed lies in storage, as a valid prefix of the"
        " recording, once it runs again.",
        "The last minutes before a crash are what an audit asks for.",
        "D9; protocol §9",
    ),
    Clause(
        "storage-10",
        _SHOULD,
        _STORAGE,
        "The NodeID of the path names the SSH server's node, or the client's where a recorder has"
        " no tailnet identity to ask; which of them is part of a target's profile.",
        "The vendor's documentation and what a recorder can know point to different nodes.",
        "D8; protocol §9",
    ),
    Clause(
        "storage-11",
        _MUST,
        _STORAGE,
        "Recordings are stored on a filesystem or in S3-compatible object storage, as the operator"
        " chooses.",
        "Where recordings lie is for those to say who are recorded.",
        "S: Storage Backend Options; S: Key Features",
    ),
    Clause(
        "storage-12",
        _SHOULD,
        _RECORDER,
        "A recorder that stores in S3 does so in AWS S3, Cloudflare R2, Backblaze B2, Google Cloud"
        " Storage and MinIO.",
        "Each calls itself S3-compatible, and each refuses something else.",
        "S: Storage Backend Options",
    ),
    Clause(
        "storage-13",
        _SHOULD,
        _RECORDER,
        "A recorder takes and keeps a recording that breaks a rule of the format, unknown header"
        " keys and all.",
        "Finding faults is the validator's work; a recorder that refuses destroys evidence.",
        "D10; protocol §6",
    ),
    Clause(
        "storage-14",
        _SHOULD,
        _RECORDER,
        "A recorder opens its storage before it takes a recording.",
        "What cannot be stored is refused in time for the next recorder to be tried.",
        "S: Data Flow Sequence; protocol §3",
    ),
    Clause(
        "storage-15",
        _SHOULD,
        _RECORDER,
        "A recorder writes to its storage while the session goes on.",
        "Sessions last for days, and what is in memory alone is lost with the machine.",
        "S: Data Flow Sequence; A: asciicast v2, Note on compatibility",
    ),
    Clause(
        "storage-16",
        _SHOULD,
        _RECORDER,
        "Of an upload that broke off everything that was received is kept.",
        "Lines stand by themselves, and the last ones before a loss are the interesting ones.",
        "A: asciicast v2, Note on compatibility; S: Customer-Facing Overview",
    ),
    Clause(
        "storage-17",
        _MUST,
        _STORAGE,
        "Failover recorders store like the primary: same layout, same format.",
        "A reader must not need to know which recorder a session went to.",
        "S: Overview; S: Storage Backend Options",
    ),
    Clause(
        "storage-18",
        _SHOULD,
        _RECORDER,
        "A recorder whose folder is taken away while a recording goes into it says that the"
        " recording failed, or stores it all the same.",
        "Files that nobody can find any more are lost, and writing to them raises no error.",
        "S: Storage Backend Options; protocol §4",
    ),
)
