"""The tables show the measured figures, and mark those that miss their target."""

from pathlib import Path

from bench.compare import NOOP, Accounts, Measured
from bench.latency import Latency
from bench.load import CONNECTIONS, Run
from bench.on_sqlite import Load
from bench.plots import draw
from bench.requests import CREATE, LIST, requests
from bench.tables import (
    alone,
    compared,
    grown,
    on_sqlite,
    over_floor,
    searched,
    with_accounts,
)


def measured(tickets: int, *, desk: float = 3000, peer: float = 100, ms: float = 2) -> Measured:
    """Returns results for a size at which every request ran three times at about these rates."""
    names = [request.name for request in requests(tickets)]
    floor = {name: runs(2 * desk) for name in [*names, NOOP.name]}
    theirs = {name: runs(peer) for name in names}
    ours = {name: runs(desk) for name in names}
    accounts = Accounts({name: runs(desk / 2) for name in names}, ours, theirs)
    return Measured(tickets, ours, floor, theirs, {"statistics": ms}, {}, {}, accounts)


def runs(rate: float) -> list[Run]:
    return [Run(rate * factor, 10.0, 20.0, 900) for factor in (1.0, 1.1, 0.9)]


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_a_ratio_above_one_is_for_the_desk() -> None:
    listed = cells(compared(measured(100_000)))[2]
    assert listed == [
        *(LIST.name, "3,000", "10.0", "20.0", "100", "10.0", "20.0"),
        *("**30** (30 to 30)", "≥ 25"),
    ]


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    size = measured(100_000)
    size = size._replace(
        desk={**size.desk, LIST.name: [Run(rate, 1, 1, 1) for rate in (100, 200, 90)]},
        peer={**size.peer, LIST.name: [Run(rate, 1, 1, 1) for rate in (50, 400, 100)]},
    )
    assert cells(compared(size))[2][-2:] == ["**0.90** (0.50 to 2.00)", "≥ 25: **missed**"]


def test_the_ratios_of_a_small_desk_have_no_target() -> None:
    assert {row[-1] for row in cells(compared(measured(10_000)))[2:]} == {""}


def test_the_desk_alone_has_no_ratio() -> None:
    assert cells(alone(measured(1_000)))[2] == [LIST.name, "3,000", "10.0", "20.0"]


def test_the_share_of_the_floor_is_of_the_same_request() -> None:
    assert cells(over_floor(measured(1_000)))[2][-2:] == ["50%", "50%"]


def test_with_accounts_the_slower_of_session_and_token_has_to_reach_the_target() -> None:
    listed = cells(with_accounts(measured(100_000)))[2]
    assert listed == [
        *(LIST.name, "3,000", "1,500", "3,000"),
        *("**15** (15 to 15)", "**30** (30 to 30)", "≥ 25: **missed**"),
    ]
    assert cells(with_accounts(measured(10_000)))[2][-1] == ""


def test_growth_is_from_the_first_size_to_the_last() -> None:
    table = grown([measured(1_000, ms=2), measured(10_000, ms=9), measured(1_000_000, ms=4)])
    assert cells(table)[2] == [
        *("statistics", "2.00", "9.00", "4.00", "**2.00**", "≤ 1.5: **missed**")
    ]


def test_a_search_that_takes_too_long_is_told() -> None:
    table = searched({"rare": Latency(5, 100, 100), "two letters": Latency(5, 1000.1, 1000)})
    assert [row[-1] for row in cells(table)[2:]] == ["≤ 100", "≤ 1000: **missed**"]


def test_sqlite_is_asked_for_latency_alone_and_for_many_tickets_at_once() -> None:
    table = on_sqlite(
        {
            Load(LIST, 1): [Run(300, 10, 20.5, 1)],
            Load(LIST, CONNECTIONS): [Run(300, 10, 90, 1)],
            Load(CREATE, CONNECTIONS): [Run(500, 10, 90, 1)],
        }
    )
    assert [row[-1] for row in cells(table)[2:]] == ["p99 ≤ 20: **missed**", "", "req/s ≥ 500"]


def test_the_same_figures_draw_the_same_picture(tmp_path: Path) -> None:
    sizes = [measured(1_000), measured(10_000)]
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    draw(sizes, first)
    draw(sizes, second)
    assert first.read_bytes() == second.read_bytes()
    drawn = first.read_text(encoding="utf-8")
    assert all(request.name in drawn for request in requests(1_000))
