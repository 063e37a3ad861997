"""docs/promises.md names existing tests, and `make test` runs them.

A line that says `make prove` may name tests that only that command runs.
"""

import ast
import re
from pathlib import Path

import pytest

from ticket_app.settings import ROOT

LINES = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines()
NAMED = [(name, line) for line in LINES for name in re.findall(r"`(tests/[^`]+)`", line)]


def files_of(name: str) -> list[Path]:
    """Returns the test modules of that name, which may be one of a folder."""
    path = ROOT / name
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


def is_left_out(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Returns True if only `make prove` runs the test."""
    return any(ast.unparse(each) == "pytest.mark.prove" for each in test.decorator_list)


def has_a_test(path: Path, *, proved: bool) -> bool:
    """Returns True if the module has a test; with `proved` one that only `make prove` runs counts.

    Modules of the tests that hold cases, or start a desk, count as they are.
    """
    if not path.name.startswith("test_"):
        return True
    tests = [
        each
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and each.name.startswith("test_")
    ]
    return any(proved or not is_left_out(each) for each in tests)


def test_promises_name_tests() -> None:
    assert len(NAMED) > 100


@pytest.mark.parametrize(("name", "line"), NAMED, ids=[name for name, _ in NAMED])
def test_what_holds_a_promise_is_there_and_is_run(name: str, line: str) -> None:
    assert (ROOT / name).exists(), f"{name} holds a promise and is gone"
    proved = "make prove" in line
    assert any(has_a_test(path, proved=proved) for path in files_of(name)), name
