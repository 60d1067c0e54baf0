from __future__ import annotations

from conformance.scenario import RecorderNode, Scenario


def test_what_needs_s3() -> None:
    here, there = RecorderNode(name="a"), RecorderNode(name="b", storage="s3")
    assert not Scenario(title="t", recorders=(here,)).needs_s3
    assert Scenario(title="t", recorders=(here, there)).needs_s3
