"""The tables, and the page that they are written into."""

from pathlib import Path

import pytest

from bench.load import BenchError, Run
from bench.report import BEGIN, END, alone, compared, write_into

DESK = {"list": [Run(300, 10.0, 20.0, 900)], "create": [Run(50.4, 8.25, 91.0, 150)]}


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_a_ratio_above_one_is_for_the_desk() -> None:
    peers = {"1 worker": {"list": [Run(150, 30, 40, 450)], "create": [Run(100, 5, 6, 300)]}}
    head, _, listed, created = cells(compared(DESK, peers))
    assert head[-1] == "desk : peer, 1 worker"
    assert listed == [
        "list",
        "300",
        "10.0",
        "20.0",
        "150",
        "30.0",
        "40.0",
        "**2.00** (2.00 to 2.00)",
    ]
    assert created == [
        "create",
        "50",
        "8.2",
        "91.0",
        "100",
        "5.0",
        "6.0",
        "**0.50** (0.50 to 0.50)",
    ]


def test_each_peer_has_its_own_ratio() -> None:
    peers = {name: {"list": [Run(rate, 1, 1, 1)]} for name, rate in (("1 worker", 100), ("2", 600))}
    listed = cells(compared({"list": DESK["list"]}, peers))[2]
    assert listed[-2:] == ["**3.00** (3.00 to 3.00)", "**0.50** (0.50 to 0.50)"]


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    desk = {"list": [Run(rate, 1, 1, 1) for rate in (100, 200, 90)]}
    peer = {"list": [Run(rate, 1, 1, 1) for rate in (50, 400, 100)]}
    assert cells(compared(desk, {"1 worker": peer}))[2][-1] == "**0.90** (0.50 to 2.00)"


def test_the_desk_alone_has_no_ratio() -> None:
    assert cells(alone(DESK))[2] == ["list", "300", "10.0", "20.0"]


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
