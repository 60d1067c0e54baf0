"""The proxy's events: what a path says in Kubernetes' own words, and who asked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from conformance.nodes import Node
from simulator.api_proxy import Encoder, Kubernetes, Request, kubernetes


def read(method: str, path: str) -> Kubernetes:
    query = path.partition("?")[2]
    asked = Request(method=method, path=path, body=b"", query_parameters=parse_qs(query))
    return kubernetes(asked)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "/api/v1/namespaces/dev/pods/web-0/exec",
            {
                "api_prefix": "api",
                "api_group": "",
                "api_version": "v1",
                "namespace": "dev",
                "resource": "pods",
                "name": "web-0",
                "subresource": "exec",
                "parts": ("pods", "web-0", "exec"),
            },
        ),
        (
            "/apis/apps/v1/namespaces/dev/deployments/web",
            {
                "api_prefix": "apis",
                "api_group": "apps",
                "api_version": "v1",
                "namespace": "dev",
                "resource": "deployments",
                "name": "web",
                "subresource": "",
                "parts": ("deployments", "web"),
            },
        ),
        (
            "/api/v1/nodes/node-1",
            {"namespace": "", "resource": "nodes", "name": "node-1", "parts": ("nodes", "node-1")},
        ),
        ("/api/v1/namespaces", {"namespace": "", "resource": "namespaces", "name": ""}),
        # A namespace is itself a resource, and it is in itself.
        ("/api/v1/namespaces/dev", {"namespace": "dev", "resource": "namespaces", "name": "dev"}),
        (
            "/api/v1/namespaces/dev/status",
            {
                "namespace": "dev",
                "resource": "namespaces",
                "name": "dev",
                "subresource": "status",
                "parts": ("namespaces", "dev", "status"),
            },
        ),
        (
            "/api/v1/namespaces/dev/finalize",
            {"namespace": "dev", "resource": "namespaces", "subresource": "finalize"},
        ),
        ("/api/v1//pods/", {"resource": "pods", "parts": ("pods",)}),
    ],
)
def test_a_resource_is_read_from_its_path(path: str, says: dict[str, Any]) -> None:
    found = read("GET", path)
    assert found.is_resource_request
    assert {key: getattr(found, key) for key in says} == says


@pytest.mark.parametrize("path", ["/", "/healthz", "/version", "/api", "/api/v1", "/apis/apps/v1"])
def test_what_names_no_resource_is_no_resource_request(path: str) -> None:
    assert read("GET", path) == Kubernetes(path=path, verb="get")


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", "/api/v1/pods", "list"),
        ("GET", "/api/v1/namespaces/dev/pods", "list"),
        ("GET", "/api/v1/namespaces/dev/pods/web", "get"),
        ("GET", "/api/v1/namespaces/dev", "get"),
        ("POST", "/api/v1/namespaces/dev/pods", "create"),
        ("PUT", "/api/v1/namespaces/dev/pods/web", "update"),
        ("PATCH", "/api/v1/namespaces/dev/pods/web", "patch"),
        ("DELETE", "/api/v1/namespaces/dev/pods/web", "delete"),
        ("HEAD", "/api/v1/namespaces/dev/pods/web", "get"),
        ("GET", "/api/v1/pods?watch=true", "watch"),
        ("GET", "/api/v1/pods?watch=0", "list"),
        ("GET", "/api/v1/pods/web?watch=1", "get"),
        ("DELETE", "/api/v1/namespaces/dev/pods", "deletecollection"),
        ("OPTIONS", "/api/v1/pods", "options"),
        # What is no resource has its method for a verb.
        ("POST", "/healthz", "post"),
    ],
)
def test_the_verb_is_that_of_the_method_and_of_what_it_is_about(
    method: str, path: str, verb: str
) -> None:
    assert read(method, path).verb == verb


def test_selectors_come_from_the_query_which_is_no_part_of_the_path() -> None:
    found = read("GET", "/api/v1/pods?labelSelector=app%3Dweb&fieldSelector=a%3Db&watch=1")
    assert (found.label_selector, found.field_selector) == ("app=web", "a=b")
    assert found.path == "/api/v1/pods"


ASKED = Request(method="GET", path="/api/v1/pods?a=b", body=b"\x00\xff", query_parameters={})
LAPTOP = {"id": "n1", "numeric_id": 5, "name": "laptop.tail.ts.net", "addresses": ("100.64.0.9",)}


def written(**of: Any) -> Any:
    encoder = Encoder()
    line = encoder.encoded(encoder.made(ASKED, Node(**LAPTOP, **of), "kubectl/1"))
    assert line.endswith(b"}\n")
    return json.loads(line)


def test_an_event_is_written_with_the_keys_of_the_wire() -> None:
    found = written(user="alice@example.com", user_id=7)
    assert found["type"] == "kubernetes-api-request"
    assert (found["id"], found["userAgent"]) == ("", "kubectl/1")
    assert found["request"] == {
        "method": "GET",
        "path": "/api/v1/pods?a=b",
        "body": "AP8=",
        "queryParameters": {},
    }
    assert found["kubernetes"]["APIVersion"] == "v1"
    assert found["kubernetes"]["Parts"] == ["pods"]
    assert found["kubernetes"]["IsResourceRequest"] is True
    assert found["destination"] == {"node": "", "nodeID": ""}


def test_a_tagged_node_has_tags_and_no_user_and_the_other_way_round() -> None:
    whose = written(user="alice@example.com", user_id=7)["source"]
    assert whose == {
        "node": "laptop.tail.ts.net",
        "nodeID": "n1",
        "nodeUserID": 7,
        "nodeUser": "alice@example.com",
    }
    tagged = written(tags=("tag:ci",))["source"]
    assert tagged == {"node": "laptop.tail.ts.net", "nodeID": "n1", "nodeTags": ["tag:ci"]}
