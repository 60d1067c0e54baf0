"""Every clause of a recording, with one line that breaks it and its neighbour that does not."""

import json
from typing import Any

import pytest

from conformance.asciicast import CLAUSES, Level, check

HEADER: dict[str, Any] = {
    "version": 2,
    "width": 80,
    "height": 24,
    "timestamp": 1767225600,
    "env": {"TERM": "xterm"},
    "srcNode": "a.example.ts.net",
    "srcNodeID": "n1",
    "srcNodeTags": ["tag:x"],
    "sshUser": "u",
    "localUser": "u",
    "connectionID": "c",
}
ABSENT = object()


def header(**changes: Any) -> bytes:
    said = {key: value for key, value in {**HEADER, **changes}.items() if value is not ABSENT}
    return json.dumps(said).encode() + b"\n"


def events(*lines: bytes) -> bytes:
    return header() + b"".join(line + b"\n" for line in lines)


def pod(**changes: Any) -> bytes:
    empty = dict.fromkeys(("sshUser", "localUser", "connectionID"), "")
    return header(**{"env": None, "kubernetes": {"PodName": "p"}, **empty, **changes})


def v1(**changes: Any) -> bytes:
    said = {"version": 1, "width": 80, "height": 24, "duration": 1, "stdout": [], **changes}
    return json.dumps({k: v for k, v in said.items() if v is not ABSENT}).encode()


def v3(*lines: bytes, **changes: Any) -> bytes:
    said = {"version": 3, "term": {"cols": 80, "rows": 24}, **changes}
    first = json.dumps({k: v for k, v in said.items() if v is not ABSENT}).encode()
    return b"".join(line + b"\n" for line in (first, *lines))


THEME = {"fg": "#d0d0d0", "bg": "#212121", "palette": ":".join(["#151515"] * 8)}
USER = {"srcNodeTags": ABSENT, "srcNodeUserID": 7, "srcNodeUser": "alice"}

CASES: list[tuple[str, bytes, bytes]] = [
    # clause, what breaks it, its neighbour that keeps every clause
    ("file-1", events(b'[1,"o","\xe9"]'), events(b'[1,"o","\xc3\xa9"]')),
    ("file-2", events(b'[1,"o","x",]'), events(b'[1,"o","x" ]')),
    ("file-2", v1()[:-2], v1()),
    ("file-2", events(b'[1,"o","x'), events(b'[1,"o","x"]')),
    ("file-2", events(b'[1,"o","x"'), events(b'[1,"o","x"]')),
    ("file-2", events(b'[1,"o",-]'), events(b'[1,"o","-"]')),
    ("file-2", events(b'[1,"o","x"}'), events(b'[1,"o","x"]')),
    ("file-2", header()[:-2] + b",}\n", header()),
    ("file-2", header()[:-2] + b",]\n", header()),
    ("file-2", header()[:-2] + b',"a" 1}\n', header()[:-2] + b',"a":1}\n'),
    ("file-2", header()[:-2] + b',"a":}\n', header()[:-2] + b',"a":{}}\n'),
    ("file-2", events(b'[tru,"o","x"]'), events(b'[1,"o","true"]')),
    ("file-2", b"\n" + b"{\n{", v1()),
    ("file-3", events(b'[1,"o","x"]')[:-1], events(b'[1,"o","x"]')),
    ("file-3", header()[:-1], header()),
    ("file-4", b"\xef\xbb\xbf" + header(), header()),
    ("file-5", events(b'[1,"o","\\ud83d"]'), events(b'[1,"o","\\ud83d\\ude00"]')),
    ("file-5", header(**{"x\ud800": 1}), header(x=1)),
    ("file-6", header()[:-2] + b',"width":1}\n', header()[:-2] + b',"Width":1}\n'),
    ("file-6", header()[:-2] + b',"x":{"a":1,"a":2}}\n', header(x={"a": 1})),
    ("file-7", events(b'[1,"o","x"]\r'), events(b'[1,"o","x"] ')),
    ("file-7", header()[:-1] + b"\r\n", header()),
    ("file-8", b"", header()),
    ("file-8", b"\n\n", header()),
    ("file-10", header(x=json.loads("[" * 128 + "]" * 128)), header(x=[[[[]]]])),
    ("file-11", v1() + b"\n{}", v1() + b"\n \n"),
    ("header-1", b'"x"\n', header()),
    ("header-1", header()[:-2] + b"\n", header()),
    ("header-1", header()[:-2], header()),
    ("header-1", b"# a comment\n" + header(), header()),
    ("header-1", b"\n" + header(), header()),
    ("header-1", header().replace(b', "height"', b',\n"height"'), header()),
    ("header-1", b'{\n"width":80,' + header()[1:], header()),
    ("header-2", header(version=2.0), header()),
    ("header-2", header(version=7), header()),
    ("header-2", header(version=ABSENT), header()),
    ("header-3", header(width=65536), header(width=65535)),
    ("header-3", header(width=None), header(width=0)),
    ("header-3", header(width=80.0), header(width=80)),
    ("header-4", header(height=-1), header(height=0)),
    ("header-4", header(height=10**30), header(height=65535)),
    ("header-5", header(timestamp=ABSENT), header(timestamp=0)),
    ("header-5", header(timestamp=1.5), header(timestamp=2**63 - 1)),
    ("header-5", header(timestamp=2**63), header(timestamp=2**63 - 1)),
    ("header-6", header(command=1), header(command=None)),
    ("header-6", header(title=[]), header(title="")),
    ("header-7", header(env=["TERM"]), header()),
    ("header-7", header(env={"TERM": "x", "A": 1}), header(env={"TERM": "x", "A": "1"})),
    ("header-8", header(env={}), header()),
    ("header-8", header(env=None), pod()),
    ("header-8", pod(env={}), pod(env={"TERM": "x"})),
    ("header-9", header(env={"TERM": "x", "A": None}), header(env={"TERM": "x", "A": ""})),
    ("header-10", header(duration="1"), header(duration=1)),
    ("header-10", header(idle_time_limit=-1), header(idle_time_limit=0.5)),
    ("header-10", header()[:-2] + b',"duration":1e999}\n', header(duration=1e300)),
    ("header-11", header(theme={**THEME, "fg": "red"}), header(theme=THEME)),
    ("header-11", header(theme={**THEME, "bg": None}), header(theme=None)),
    ("header-11", header(theme="dark"), header(theme=THEME)),
    (
        "header-11",
        header(theme={**THEME, "palette": ":".join(["#151515"] * 9)}),
        header(theme={**THEME, "palette": ":".join(["#151515"] * 16)}),
    ),
    ("header-12", header(srcNode=ABSENT), header()),
    ("header-12", header(srcNode=1), header()),
    ("header-13", header(srcNode="a.ts.net."), header(srcNode="a.ts.net")),
    ("header-13", header(srcNode=""), header(srcNode="a")),
    ("header-14", header(srcNodeID=""), header(srcNodeID="n")),
    ("header-14", header(srcNodeID=None), header()),
    ("header-15", header(srcNodeTags="tag:x"), header()),
    ("header-15", header(srcNodeTags=["tag:x", None]), header(srcNodeTags=["tag:x", "tag:y"])),
    ("header-16", header(**{**USER, "srcNodeUserID": "7"}), header(**USER)),
    ("header-16", header(**{**USER, "srcNodeUserID": 7.5}), header(**USER)),
    ("header-16", header(**{**USER, "srcNodeUser": 7}), header(**USER)),
    ("header-17", header(srcNodeUser="alice"), header(srcNodeUser=None)),
    ("header-17", header(srcNodeUserID=7), header(srcNodeUserID=None)),
    ("header-17", header(srcNodeTags=ABSENT), header(**USER)),
    ("header-17", header(srcNodeTags=[]), header(**{**USER, "srcNodeTags": []})),
    ("header-17", header(**{**USER, "srcNodeUser": None}), header(**USER)),
    ("header-17", header(**{**USER, "srcNodeUserID": None}), header(**USER)),
    ("header-18", header(sshUser=None), header()),
    ("header-18", header(localUser=1), header()),
    ("header-18", header(connectionID=ABSENT), pod()),
    ("header-19", header(sshUser=""), pod()),
    ("header-19", header(localUser=""), pod()),
    ("header-19", header(connectionID=""), pod()),
    ("header-20", header(kubernetes=[]), header(kubernetes=None)),
    ("header-20", pod(kubernetes={"PodName": 1}), pod(kubernetes={})),
    ("header-20", pod(kubernetes={"Namespace": 1}), pod(kubernetes={"Namespace": "n"})),
    ("header-20", pod(kubernetes={"Container": 1}), pod(kubernetes={"Container": "c"})),
    ("header-20", pod(kubernetes={"SessionType": 1}), pod(kubernetes={"SessionType": "exec"})),
    ("header-21", v3(term=ABSENT), v3()),
    ("header-21", v3(term={"cols": 80}), v3()),
    ("header-21", v3(term={"cols": "80", "rows": 24}), v3()),
    ("header-22", v3(term={"cols": 1, "rows": 1, "type": 1}), v3(tags=["a"])),
    ("header-22", v3(term={"cols": 1, "rows": 1, "version": 1}), v3(tags=None)),
    ("header-22", v3(tags="a"), v3(tags=[])),
    ("header-22", v3(tags=["a", 1]), v3(tags=["a", "b"])),
    ("header-11", v3(term={"cols": 1, "rows": 1, "theme": {}}), v3()),
    ("header-23", v1(stdout=ABSENT), v1()),
    ("header-23", v1(stdout="x"), v1()),
    ("header-24", v1(duration=ABSENT), v1(duration=0)),
    ("events-1", events(b"[]"), events()),
    ("events-1", events(b'[1,"o"]'), events(b'[1,"o",""]')),
    ("events-1", events(b'[1,"o","x",1]'), events(b'[1,"o","x,1"]')),
    ("events-1", events(b"{}"), events()),
    ("events-1", events(b"1"), v3(b"# a comment")),
    ("events-2", events(b'["1","o","x"]'), events(b'[1,"o","x"]')),
    ("events-2", events(b'[1e309,"o","x"]'), events(b'[1e308,"o","x"]')),
    ("events-3", events(b'[-1e-9,"o","x"]'), events(b'[-0.0,"o","x"]')),
    ("events-3", v3(b'[-1,"o","x"]'), v3(b'[0,"o","x"]')),
    ("events-4", events(b'[2,"o","x"]', b'[1.999,"o","x"]'), events(b'[2,"o",""]', b'[2,"o",""]')),
    ("events-4", events(b'[2,"o",1]', b'[1,"o","x"]'), v3(b'[2,"o",""]', b'[1,"o",""]')),
    ("events-5", events(b'[1,"","x"]'), events(b'[1,"unknown","x"]')),
    ("events-5", events(b'[1,null,"x"]'), events(b'[1,"o","x"]')),
    ("events-6", events(b'[1,"o",null]'), events(b'[1,"o","null"]')),
    ("events-6", events(b'[1,"z",{"a":[1]}]'), events(b'[1,"z",""]')),
    ("events-6", v3(b'[1,"z",1]'), v3(b'[1,"z","1"]')),
    ("events-7", events(b'[1,"r","80x"]'), events(b'[1,"r","80x1"]')),
    ("events-7", events(b'[1,"r","65536x1"]'), events(b'[1,"r","65535x1"]')),
    ("events-7", events(b'[1,"r","1x65536"]'), events(b'[1,"r","1x65535"]')),
    ("events-7", events(b'[1,"r","080x24"]'), events(b'[1,"r","0x0"]')),
    ("events-8", events(b'[1,"r","24x80"]'), events(b'[1,"r","24x79"]')),
    (
        "events-8",
        events(b'[1,"r","100x30"]', b'[2,"r","30x100"]'),
        events(b'[1,"r","100x30"]', b'[2,"r","24x80"]'),
    ),
    ("events-8", pod() + b'[1,"r","30x100"]\n', pod() + b'[1,"r","100x30"]\n'),
    ("events-8", v3(b'[1,"r","24x80"]'), v3(b'[1,"r","80x24"]')),
    ("events-9", events(b'[1,"i","x"]'), v3(b'[1,"i","x"]')),
    ("events-10", events(b""), events()),
    ("events-10", events(b"\t "), events()),
    ("events-10", v3(b""), v3()),
    ("events-11", v3(b'[1,"x","one"]'), v3(b'[1,"x","1"]')),
    ("events-11", v3(b'[1,"x",""]'), v3(b'[1,"x","-1"]')),
    ("events-11", v3(b'[1,"x","1.0"]'), events(b'[1,"x","1.0"]')),
    ("events-12", v3(b'[1,"x","0"]', b'[1,"o",""]'), v3(b'[1,"o",""]', b'[1,"x","0"]')),
    ("events-12", v3(b'[1,"x","0"]', b'[1,"x","0"]'), v3(b'[1,"x","0"]', b"# the end")),
    ("events-13", v1(stdout=[[1, "x", 1]]), v1(stdout=[[1, "x"]])),
    ("events-13", v1(stdout=[[1]]), v1(stdout=[[0, ""]])),
    ("events-13", v1(stdout=["x"]), v1(stdout=[])),
    ("events-13", v1(stdout=[["1", "x"]]), v1(stdout=[[1.5, "x"]])),
    ("events-13", v1(stdout=[[-1, "x"]]), v1(stdout=[[0, "x"]])),
    ("events-13", v1(stdout=[[1, None]]), v1(stdout=[[1, "None"]])),
    ("events-13", v1(stdout=[[1, "x"]]).replace(b"[1,", b"[1e999,"), v1(stdout=[[1e9, "x"]])),
]


@pytest.mark.parametrize(("clause", "broken", "kept"), CASES)
def test_a_broken_clause_is_found_and_a_kept_one_is_not(
    clause: str, broken: bytes, kept: bytes
) -> None:
    assert clause in {finding.clause for finding in check(broken)}
    assert check(kept) == []


def test_a_line_beyond_the_limit_is_found_and_one_at_the_limit_is_not() -> None:
    limit = len(header())
    line = b'[1,"o","' + b"x" * (limit - 10) + b'"]'
    assert len(line) == limit
    assert check(header() + line + b"\n", line_limit=limit) == []
    beyond = check(header() + line.replace(b'"]', b'x"]') + b"\n", line_limit=limit)
    assert [(f.clause, f.line, f.column) for f in beyond] == [("file-9", 2, limit + 1)]


def test_each_clause_has_its_cases() -> None:
    assert {clause for clause, _, _ in CASES} | {"file-9"} == set(CLAUSES)


def test_the_table_is_well_formed() -> None:
    for area, count in (("file", 11), ("header", 24), ("events", 13)):
        ids = [clause for clause in CLAUSES if clause.startswith(f"{area}-")]
        assert ids == [f"{area}-{number}" for number in range(1, count + 1)]
    for clause in CLAUSES.values():
        assert clause.binds == "recording"
        assert clause.text.endswith(".")
        assert clause.reason.endswith(".")
        assert clause.source
        assert clause.text.count(". ") == clause.reason.count(". ") == 0
        # A clause with nothing but a decision behind it binds our own parts only.
        assert not clause.source.startswith("D") or clause.level is Level.SHOULD
