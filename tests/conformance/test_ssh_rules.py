"""The rules that an SSH server is sent come to what the policy file says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.nodes import Node
from conformance.policy import read_policy
from conformance.policy_match import decide
from conformance.ssh_rules import ssh_rules
from conformance.strategies.policies import Tailnet, tailnets
from conformance.wire import SSHAction, SSHPrincipal, SSHRule

ACCEPT = SSHAction(accept=True)
ALICE = SSHPrincipal(node="nALICE")
BUT_ROOT = {"*": "=", "root": ""}


def rule(users: dict[str, str], *who: SSHPrincipal, action: SSHAction = ACCEPT) -> SSHRule:
    return SSHRule(principals=who, ssh_users=users, action=action)


@pytest.mark.parametrize(
    ("tried", "user", "right"),
    [
        (rule({"*": "="}, ALICE), "root", True),
        (rule({"*": "="}, SSHPrincipal(node="nBOB"), ALICE), "root", True),
        (rule({"*": "="}, SSHPrincipal(node="nBOB")), "root", False),
        (rule({"*": "="}), "root", False),
        (rule({"*": "="}, SSHPrincipal(any=True)), "root", True),
        (rule({"root": "="}, ALICE), "root", True),
        (rule({"root": "="}, ALICE), "alice", False),
        (rule(BUT_ROOT, ALICE), "root", False),
        (rule(BUT_ROOT, ALICE), "alice", True),
        (rule({}, ALICE), "alice", False),
        # Who is rejected is so as any user.
        (rule({}, ALICE, action=SSHAction(reject=True)), "alice", True),
        (rule({}, SSHPrincipal(node="nBOB"), action=SSHAction(reject=True)), "alice", False),
    ],
)
def test_a_rule_matches_by_node_and_user(tried: SSHRule, user: str, right: bool) -> None:
    assert tried.matches("nALICE", user) is right


def test_on_the_wire_the_keys_are_upstreams() -> None:
    sent = msgspec.json.encode(rule(BUT_ROOT, ALICE, SSHPrincipal(any=True)))
    assert msgspec.json.decode(sent) == {
        "principals": [{"node": "nALICE"}, {"any": True}],
        "sshUsers": BUT_ROOT,
        "action": {"accept": True},
    }
    assert msgspec.json.decode(sent, type=SSHRule).action == ACCEPT


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(tailnets(), st.data(), st.sampled_from(["root", "alice", "deploy", "ubuntu"]))
def test_the_first_that_matches_has_the_action_of_the_policy(
    tailnet: Tailnet, data: st.DataObject, user: str
) -> None:
    policy = read_policy(tailnet.text)
    source, destination = (data.draw(st.sampled_from(tailnet.nodes)) for _ in range(2))
    named = {name.text for one in policy.ssh for name in one.users if ":" not in name.text}
    local = source.login.rpartition("@")[0]
    asked = data.draw(st.sampled_from([user, *sorted(named), *([local] if local else [])]))
    right = decide(policy, tailnet.nodes, source, destination, asked)
    rules = ssh_rules(policy, tailnet.nodes, destination)
    first = next((one for one in rules if one.matches(source.id, asked)), None)
    assert (first.action if first else None) == (right.action if right.rule else None)


def test_names_become_the_nodes_that_they_stand_for() -> None:
    policy = read_policy(
        '{"groups": {"group:dev": ["al@example.com"]}, "ssh": [{"action": "accept",'
        ' "src": ["group:dev"], "dst": ["tag:prod"], "users": ["localpart:*@example.com", "git"]}]}'
    )
    owner, other, prod = (
        Node(
            name=f"{name}.ts.net",
            id=f"n{name}",
            numeric_id=number,
            addresses=("1.1.1.1",),
            user=user,
            tags=tags,
        )
        for number, (name, user, tags) in enumerate(
            [("A", "al@example.com", ()), ("B", "bo@example.com", ()), ("P", "", ("tag:prod",))]
        )
    )
    [found] = ssh_rules(policy, (owner, other, prod), prod)
    assert found.principals == (SSHPrincipal(node="nA"),)
    assert found.ssh_users == {"al": "=", "git": "="}
    assert ssh_rules(policy, (owner, other, prod), other) == ()
