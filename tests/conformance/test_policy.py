"""Reading policy files: what is a policy, what is none, and where."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conformance.hujson import HuJsonError
from conformance.policy import RULE_KEYS, close_to, read_policy
from conformance.policy_types import Name, PolicyError

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"


def rule(**keys: Any) -> dict[str, Any]:
    fine = {
        "action": "accept",
        "src": ["autogroup:member"],
        "dst": ["tag:prod"],
        "users": ["root"],
    }
    return {key: value for key, value in (fine | keys).items() if value is not ...}


def policy_text(*rules: Any, **sections: Any) -> str:
    return json.dumps({**sections, "ssh": list(rules)}, ensure_ascii=False)


def refusal(text: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        read_policy(text)
    return caught.value


def test_a_whole_policy() -> None:
    policy = read_policy((POLICIES / "good" / "tailnet.hujson").read_bytes())
    assert policy.groups["group:ops"] == ("alice@example.com", "bob@example.com")
    assert policy.hosts == {"db": "100.64.0.21", "office": "192.0.2.0/24"}
    assert policy.tag_owners["tag:spare"] == ("tag:recorder",)
    assert policy.unknown == ()
    assert [(one.number, one.line, one.column) for one in policy.ssh] == [
        (1, 23, 5),
        (2, 33, 5),
        (3, 42, 5),
        (4, 43, 5),
    ]
    first, second, third, _ = policy.ssh
    assert first.action == "check"
    assert first.check_period == Name("12h", 29, 22)
    assert first.recorder == (Name("tag:recorder", 30, 20),)
    assert first.enforced
    assert first.enforce_recorder == Name("true", 31, 7)
    assert second.accept_env == ("GIT_*", "LC_?")
    assert [tag.text for tag in second.recorder] == ["tag:spare", "tag:recorder"]
    assert not second.enforced
    assert second.enforce_recorder is not None
    assert third.enforce_recorder is None
    assert not third.enforced


@pytest.mark.parametrize("path", sorted(POLICIES.glob("good/*")), ids=lambda path: path.stem)
def test_good_policies_are_read(path: Path) -> None:
    assert read_policy(path.read_bytes()).ssh


@pytest.mark.parametrize("path", sorted(POLICIES.glob("hostile/*")), ids=lambda path: path.stem)
def test_hostile_policies_are_refused_where_they_say(path: Path) -> None:
    data = path.read_bytes()
    place = re.match(rb"\W*// (\d+):(\d+) ", data)
    assert place
    with pytest.raises(HuJsonError) as caught:
        read_policy(data)
    assert (caught.value.line, caught.value.column) == (int(place[1]), int(place[2]))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "text", ["{}", '{"ssh": null}', '{"ssh": [], "groups": null, "hosts": null}']
)
def test_a_policy_without_rules(text: str) -> None:
    policy = read_policy(text)
    assert policy.ssh == ()
    assert policy.groups == {}
    assert policy.hosts == {}


def test_null_is_as_good_as_absent() -> None:
    empty = dict.fromkeys(
        ["src", "dst", "checkPeriod", "acceptEnv", "srcPosture", "recorder", "enforceRecorder"]
    )
    (read,) = read_policy(policy_text(rule(**empty))).ssh
    assert read.src == read.dst == read.recorder == read.src_posture == ()
    assert read.accept_env == ()
    assert read.check_period is None
    assert read.enforce_recorder is None


def test_blanks_around_names_do_not_count() -> None:
    (read,) = read_policy(
        policy_text(rule(action=" check", src=[" bob@example.com"], users=["\troot"]))
    ).ssh
    assert (read.action, read.src[0].text, read.users[0].text) == (
        "check",
        "bob@example.com",
        "root",
    )


def test_unknown_sections_are_kept_apart_with_their_place() -> None:
    policy = read_policy('{"acls": 1, "derpMap": {},\n "shs": []}')
    assert policy.unknown == (Name("shs", 2, 2),)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"groups": []}, "groups must be an object, not a list"),
        ({"groups": {"ops": []}}, '"ops" in groups must start with "group:" and have a name'),
        ({"groups": {"group:": []}}, '"group:" in groups must start with "group:" and have a name'),
        (
            {"groups": {"group:a": "x"}},
            'groups["group:a"] must be a list, not a string: put it in [ ]',
        ),
        ({"groups": {"group:a": [1]}}, 'groups["group:a"] takes strings, not a number'),
        (
            {"groups": {"group:a": ["tag:x"]}},
            '"tag:x" in "group:a": a group has users as members only',
        ),
        (
            {"groups": {"group:a": ["group:b"], "group:b": []}},
            '"group:b" in "group:a": a group has users as members only',
        ),
        (
            {"tagOwners": {"tag:1a": []}},
            "\"tag:1a\" is not a tag, 'tag:' and a name that starts with a letter",
        ),
        (
            {"tagOwners": {"tag:сервер": []}},
            "\"tag:сервер\" is not a tag, 'tag:' and a name that starts with a letter",
        ),
        ({"hosts": {"db": "somewhere"}}, 'hosts["db"] is not an IP address or prefix: "somewhere"'),
        ({"hosts": {"db": 1.5}}, 'hosts["db"] takes strings, not a number'),
        ({"hosts": True}, "hosts must be an object, not a boolean"),
        ({"ssh": {}}, "ssh must be a list, not an object"),
        ({"ssh": [None]}, "an ssh rule must be an object, not null"),
    ],
)
def test_sections_that_are_none(sections: dict[str, Any], message: str) -> None:
    assert refusal(json.dumps(sections, ensure_ascii=False)).message == message


def test_the_top_must_be_an_object() -> None:
    assert refusal("[]").message == "a policy file must be an object, not a list"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"action": ...}, 'an ssh rule needs an "action": accept or check'),
        ({"action": ""}, 'an ssh rule needs an "action": accept or check'),
        ({"action": None}, 'an ssh rule needs an "action": accept or check'),
        ({"action": "Accept"}, 'action is "accept" or "check", not "Accept"'),
        ({"action": "deny"}, 'action is "accept" or "check", not "deny"'),
        ({"action": ["accept"]}, "action takes strings, not a list"),
        ({"users": ...}, 'an ssh rule needs "users", with at least one'),
        ({"users": None}, 'an ssh rule needs "users", with at least one'),
        ({"users": []}, 'an ssh rule needs "users", with at least one'),
        ({"users": ["root", ""]}, '"" is not a user: use autogroup:nonroot, root or names'),
        ({"users": ["root", "*"]}, '"*" is not a user: use autogroup:nonroot, root or names'),
        (
            {"users": ["localpart:*@*"]},
            "localpart:*@ needs a domain, like localpart:*@example.com",
        ),
        ({"checkPeriod": 12}, "checkPeriod takes strings, not a number"),
        (
            {"checkPeriod": "abc"},
            'checkPeriod is a time like "12h" or "always", not "abc"',
        ),
        ({"checkPeriod": "-1m"}, 'checkPeriod "-1m" is not positive'),
        ({"checkPeriod": "168h0m1s"}, 'checkPeriod "168h0m1s" is longer than a week (168h)'),
        ({"acceptEnv": ["LC_*", ""]}, "a name in acceptEnv is empty"),
        ({"recorder": "tag:r"}, "recorder must be a list, not a string: put it in [ ]"),
        ({"recorder": ["recorder"]}, 'recorder lists tags, like ["tag:recorder"], not "recorder"'),
        ({"enforceRecorder": "true"}, "enforceRecorder is true or false, not a string"),
        ({"enforceRecorder": 1}, "enforceRecorder is true or false, not a number"),
        (
            {"recorders": ["tag:r"]},
            'unknown key "recorders" in an ssh rule: did you mean "recorder"?',
        ),
        (
            {"checkperiod": "1h"},
            'unknown key "checkperiod" in an ssh rule: did you mean "checkPeriod"?',
        ),
        (
            {"zzz": 1},
            f'unknown key "zzz" in an ssh rule; it has {", ".join(RULE_KEYS)}',
        ),
        (
            {"src": ["*"]},
            'src cannot be "*": use autogroup:member, autogroup:tagged, groups or tags',
        ),
        ({"src": ["group:xyz"]}, '"group:xyz" is not in groups'),
        ({"src": ["group:opps"]}, '"group:opps" is not in groups: did you mean "group:ops"?'),
        ({"src": ["autogroup:internet"]}, '"autogroup:internet" cannot be the src of an ssh rule'),
        ({"src": ["100.64.0.1"]}, 'src names users, groups, tags or autogroups, not "100.64.0.1"'),
        ({"src": ["db"]}, 'src names users, groups, tags or autogroups, not "db"'),
        ({"src": ["user:*@"]}, 'src names users, groups, tags or autogroups, not "user:*@"'),
        ({"src": ["tag:"]}, "\"tag:\" is not a tag, 'tag:' and a name that starts with a letter"),
        ({"dst": ["*"]}, 'dst cannot be "*": use autogroup:self, autogroup:tagged or tags'),
        ({"dst": ["db"]}, 'dst names tags, autogroup:self or a user, not "db"'),
        (
            {"dst": ["autogroup:member"]},
            '"autogroup:member" cannot be the dst of an ssh rule: use autogroup:self',
        ),
        (
            {"src": ["alice@example.com", "tag:ci"], "dst": ["autogroup:self"]},
            '"tag:ci" is no user: it cannot go with autogroup:self',
        ),
        (
            {"src": ["alice@example.com", "bob@example.com"], "dst": ["alice@example.com"]},
            "only alice@example.com may reach the nodes of alice@example.com: "  # noqa: ISC004
            "src must name nobody else",
        ),
    ],
)
def test_rules_that_are_none(keys: dict[str, Any], message: str) -> None:
    text = policy_text(
        rule(**keys), groups={"group:ops": []}, hosts={"db": "100.64.0.1", "v6": "fd7a::/48"}
    )
    assert refusal(text).message == message


@pytest.mark.parametrize(
    "keys",
    [
        {"checkPeriod": "always", "action": "check"},
        {"checkPeriod": "168h", "action": "check"},
        {"checkPeriod": "1h30m", "action": "check"},
        {"checkPeriod": "0s", "action": "check"},
        {"acceptEnv": ["**", "X*Y", "FOO_?"]},
        {"src": ["group:synced@example.com", "user:*@example.com", "autogroup:owner"]},
        {"src": ["autogroup:tagged", "tag:ci"], "dst": ["autogroup:tagged", "tag:prod"]},
        {"src": ["alice@example.com"], "dst": ["alice@example.com"]},
        {"src": ["alice@github"], "users": ["🚀", "مستخدم", "localpart:*@github"]},
        {"recorder": []},
    ],
)
def test_rules_as_real_policies_have_them(keys: dict[str, Any]) -> None:
    assert read_policy(policy_text(rule(**keys))).ssh


def test_errors_stand_at_the_key_the_name_or_the_rule() -> None:
    text = """{
  "ssh": [
    {"action": "accept",
     "src": ["autogroup:member",
             "%s"],
     "dst": ["autogroup:self"], %s}
  ]
}
"""
    users = '"users": ["root"]'
    read_policy(text % ("bob@example.com", users))
    for bad, line, column in (
        (text % ("*", users), 5, 14),
        (text % ("bob@example.com", '"users": []'), 6, 42),
        (text % ("bob@example.com", '"acceptEnv": []'), 3, 5),
        (text % ("bob@example.com", users + ',"recorders": []'), 6, 51),
    ):
        error = refusal(bad)
        assert (error.line, error.column) == (line, column)


def test_hints_are_not_looked_for_in_long_names() -> None:
    assert close_to("recorders", RULE_KEYS) == "recorder"
    assert close_to("recorder" * 20, RULE_KEYS) == ""
