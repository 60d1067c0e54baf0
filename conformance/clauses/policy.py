"""Policy, from the policy file to the action on the wire: protocol section 2."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_CONTROL, _SERVER = Binds.CONTROL, Binds.SSH_SERVER
_MUST, _SHOULD = Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "policy-1",
        _MUST,
        _CONTROL,
        "A policy file is HuJSON: JSON with comments and trailing commas, and nothing more.",
        "Every further kindness to writers is read differently by the next tool.",
        "U: tailscale/hujson/parse.go; R: RFC 8259 §2; protocol §2",
    ),
    Clause(
        "policy-2",
        _MUST,
        _CONTROL,
        "Of the `ssh` rules that match a connection the first decides alone.",
        "Rules that add up could be neither read nor overridden.",
        "U: tailcfg/tailcfg.go; protocol §2",
    ),
    Clause(
        "policy-3",
        _SHOULD,
        _CONTROL,
        "Rules are tried in the order of the file, whatever their action.",
        "It is the order that a reader sees; but Tailscale's own control plane tries all `check`"
        " rules before any `accept` rule, so a file should have them in that order too.",
        "U: tailcfg/tailcfg.go (the order of the rules counts, not who makes it); protocol §2",
    ),
    Clause(
        "policy-4",
        _MUST,
        _CONTROL,
        "An `ssh` rule has `action`, which is `accept` or `check`, `src`, `dst` and `users`; it may"
        " have `checkPeriod`, `acceptEnv`, `recorder` and `enforceRecorder`.",
        "A misspelt key that is passed over turns recording off unnoticed.",
        "S: ACL Configuration Flow; U: policy file reference; protocol §2",
    ),
    Clause(
        "policy-5",
        _MUST,
        _CONTROL,
        "A rule with `recorder`, a list with a tag, has its sessions recorded by the nodes that"
        " carry the tag.",
        "Recorders come and go; the tag stays.",
        "S: ACL Configuration Flow; U: policy file reference",
    ),
    Clause(
        "policy-6",
        _MUST,
        _CONTROL,
        "A rule without `recorder` records nothing, whatever `enforceRecorder` says.",
        "There is nobody to record.",
        "S: ACL Configuration Flow; protocol §2",
    ),
    Clause(
        "policy-7",
        _SHOULD,
        _CONTROL,
        "The key in policy files is `recorder`; `recorders` is an error, with a hint at the right"
        " one.",
        "The seed's diagram writes the plural, and a key that is ignored records nothing.",
        "D11; protocol §2",
    ),
    Clause(
        "policy-8",
        _MUST,
        _CONTROL,
        "The control plane sends the recorders as `recorders` of the SSH action: ip:port in the"
        " order in which they are to be tried.",
        "SSH servers know neither tags nor who carries them, and Tailscale orders by address.",
        "U: tailcfg/tailcfg.go; S: Failure Handling States",
    ),
    Clause(
        "policy-9",
        _SHOULD,
        _CONTROL,
        "A recorder's port is 80 unless its node says otherwise.",
        "It is the port of a plain http URL, which is what upstream makes of the address.",
        "U: tailcfg/tailcfg.go; R: RFC 9110 §4.2.1; protocol §2",
    ),
    Clause(
        "policy-10",
        _MUST,
        _CONTROL,
        "`enforceRecorder: true` sets both messages of the failure action; false, or no such key,"
        " sets neither.",
        "The one key stands for fail closed and fail open, before and during a session.",
        "S: ACL Configuration Flow; U: tailcfg/tailcfg.go; protocol §2",
    ),
    Clause(
        "policy-11",
        _MUST,
        _CONTROL,
        "The failure action is `onRecordingFailure`, with `RejectSessionWithMessage`,"
        " `TerminateSessionWithMessage` and `NotifyURL`, each left out or empty when not wanted.",
        "SSH servers read it by these names.",
        "U: tailcfg/tailcfg.go",
    ),
    Clause(
        "policy-12",
        _MUST,
        _SERVER,
        "A connection that no rule matches is refused.",
        "What nobody has allowed is forbidden.",
        "U: ssh/tailssh/tailssh.go, tailcfg/tailcfg.go",
    ),
    Clause(
        "policy-13",
        _MUST,
        _SERVER,
        "An SSH server tries the rules that it was sent in their order, and takes the action of the"
        " first that matches.",
        "Their order carries the precedence.",
        "U: tailcfg/tailcfg.go, ssh/tailssh/tailssh.go",
    ),
    Clause(
        "policy-14",
        _MUST,
        _SERVER,
        "An action with `holdAndDelegate` lets the user wait while the next action is fetched from"
        " that URL, as often as one names another, until one accepts or rejects.",
        "It is how a `check` asks the user to prove who they are.",
        "U: tailcfg/tailcfg.go, ssh/tailssh/tailssh.go; protocol §2",
    ),
    Clause(
        "policy-15",
        _MUST,
        _SERVER,
        "Of several actions the last one's recorders and failure action count when its list is not"
        " empty, otherwise the first one's; those between never count.",
        "A check that is passed must neither drop nor change recording by accident.",
        "U: ssh/tailssh/tailssh.go; protocol §2",
    ),
    Clause(
        "policy-16",
        _SHOULD,
        _SERVER,
        "Recording is required when the action carries `recorders`, even an empty list, or"
        " `onRecordingFailure`.",
        "Somebody asked for it; that no recorder is there today does not take it back.",
        "D3; protocol §9",
    ),
    Clause(
        "policy-17",
        _MUST,
        _CONTROL,
        "Groups, tags and autogroups in `src`, `dst` and `users` stand for those who belong to them"
        " when the connection is made.",
        "People and nodes move; who is recorded must move with them.",
        "U: policy file reference; protocol §2",
    ),
    Clause(
        "policy-18",
        _MUST,
        _CONTROL,
        "A rule with `check` sends an action with `holdAndDelegate`, and the action that follows"
        " when the check is passed carries the rule's recorders.",
        "The last action with recorders is the one that counts.",
        "U: tailcfg/tailcfg.go; protocol §2",
    ),
    Clause(
        "policy-19",
        _MUST,
        _CONTROL,
        "A session of a rule without `recorder` gets an action without `recorders` and without"
        " `onRecordingFailure`.",
        "The server must find nothing that asks for recording.",
        "S: ACL Configuration Flow; S: Data Flow Sequence; U: tailcfg/tailcfg.go",
    ),
)
