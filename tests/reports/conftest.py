"""The example run for all tests of this folder, and runs with arbitrary text in them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conformance.history import History
from conformance.judgement import Run


def _load() -> ModuleType:
    name = "reports_example"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("example.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def run() -> Run:
    result = _load().run()
    assert isinstance(result, Run)
    return result


@pytest.fixture(scope="session")
def histories() -> dict[str, History]:
    result: dict[str, History] = _load().histories()
    return result
