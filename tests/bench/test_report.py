"""The figures are written between the marks of the documentation's page."""

from pathlib import Path

import pytest

from bench.load import BenchError
from bench.report import BEGIN, END, write_into


def test_only_the_place_between_the_marks_is_written(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"# Before\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter\n", encoding="utf-8")
    write_into(page, r"new \1")
    assert page.read_text(encoding="utf-8") == (
        f"# Before\n\n{BEGIN}\n\nnew \\1\n\n{END}\n\nAfter\n"
    )


def test_a_page_without_a_place_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(BenchError, match="no place"):
        write_into(page, "new")
    assert page.read_text(encoding="utf-8") == "# Mine\n"
