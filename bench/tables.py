"""Formats the measurements as tables, each figure beside its target."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from bench.compare import NOOP, Measured
from bench.growth import GROWTH_TARGET
from bench.latency import Latency
from bench.load import Run, median_run
from bench.on_sqlite import CREATES_TARGET, P99_TARGET_MS, Load
from bench.report import table
from bench.requests import CREATE, requests

RATIO_TARGETS_FROM = 100_000
"""The fewest tickets for which the ratios have a target."""
MEASURED = ["req/s", "p50 ms", "p99 ms"]


def compared(measured: Measured) -> str:
    """Returns the table of desk and peer, with the ratio of their answers a second.

    The ratio is the median of the rounds' ratios, with the lowest and the highest. A wide range
    means that the machine was busy with other work.
    """
    head = ["request", *(f"desk: {it}" for it in MEASURED), *(f"peer: {it}" for it in MEASURED)]
    rows = []
    for request in requests(measured.tickets):
        ours, theirs = measured.desk[request.name], measured.peer[request.name]
        times = ratios(ours, theirs)
        target = _target(f"≥ {request.target:g}", reached=median(times) >= request.target)
        small = measured.tickets < RATIO_TARGETS_FROM
        cells = [*_cells(ours), *_cells(theirs), _spread(times), "" if small else target]
        rows.append([request.name, *cells])
    return table([*head, "desk : peer", "target"], rows)


def alone(measured: Measured) -> str:
    """Returns the table of the desk without a peer."""
    return table(
        ["request", *MEASURED], [[name, *_cells(it)] for name, it in measured.desk.items()]
    )


def over_floor(measured: Measured) -> str:
    """Returns each path's share of its bare statements' rate, and of the rate of HTTP alone."""
    noop = measured.floor[NOOP.name]
    rows = []
    for request in requests(measured.tickets):
        ours, bare = measured.desk[request.name], measured.floor[request.name]
        shares = [f"{median(ratios(ours, other)):.0%}" for other in (bare, noop)]
        rows.append([request.name, _rate(ours), _rate(bare), _rate(noop), *shares])
    names = ["desk: req/s", "floor: req/s", "HTTP alone: req/s"]
    return table(["request", *names, "desk : floor", "desk : HTTP"], rows)


def with_accounts(measured: Measured) -> str:
    """Returns the rates of the desk once it has accounts, by a session and by an API token, and
    their ratios to the peer if there is one."""
    found = measured.accounts
    names = ["open: req/s", "session: req/s", "token: req/s"]
    ratio_names = ["session : peer", "token : peer", "target"] if found.peer else []
    rows = []
    for request in requests(measured.tickets):
        ours = [each[request.name] for each in (measured.desk, found.session, found.token)]
        row = [request.name, *map(_rate, ours)]
        if found.peer:
            times = [ratios(each, found.peer[request.name]) for each in ours[1:]]
            reached = min(map(median, times)) >= request.target
            small = measured.tickets < RATIO_TARGETS_FROM
            target = "" if small else _target(f"≥ {request.target:g}", reached=reached)
            row += [*map(_spread, times), target]
        rows.append(row)
    return table(["request", *names, *ratio_names], rows)


def grown(sizes: Sequence[Measured]) -> str:
    """Returns the milliseconds of each figure by size, and the growth from first to last size."""
    rows = []
    for name in sizes[0].figures:
        taken = [measured.figures[name] for measured in sizes]
        growth = taken[-1] / taken[0]
        target = _target(f"≤ {GROWTH_TARGET:g}", reached=growth <= GROWTH_TARGET)
        rows.append([name, *(f"{ms:.2f}" for ms in taken), f"**{growth:.2f}**", target])
    heads = [f"{measured.tickets:,}" for measured in sizes]
    return table(["milliseconds at", *heads, "last : first", "target"], rows)


def searched(latencies: Mapping[str, Latency]) -> str:
    """Returns the table of search latencies."""
    rows = [
        [
            name,
            f"{it.p50_ms:.1f}",
            f"**{it.p99_ms:.1f}**",
            _target(f"≤ {it.target_ms:g}", reached=it.p99_ms <= it.target_ms),
        ]
        for name, it in latencies.items()
    ]
    return table(["search", "p50 ms", "p99 ms", "p99 target"], rows)


def on_sqlite(loads: Mapping[Load, list[Run]]) -> str:
    """Returns the desk's table on SQLite, with a latency target for one connection only."""
    rows = []
    for load, runs in loads.items():
        run = median_run(runs)
        target = ""
        if load.request == CREATE:
            target = _target(f"req/s ≥ {CREATES_TARGET}", reached=run.per_second >= CREATES_TARGET)
        elif load.connections == 1:
            target = _target(f"p99 ≤ {P99_TARGET_MS:g}", reached=run.p99_ms <= P99_TARGET_MS)
        rows.append([load.request.name, str(load.connections), *_cells(runs), target])
    return table(["request", "connections", *MEASURED, "target"], rows)


def ratios(ours: Iterable[Run], theirs: Iterable[Run]) -> list[float]:
    """Returns the ratios of answers a second, round by round."""
    return [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]


def _spread(values: Sequence[float]) -> str:
    return f"**{_short(median(values))}** ({_short(min(values))} to {_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _target(what: str, *, reached: bool) -> str:
    return what if reached else f"{what}: **missed**"


def _cells(runs: list[Run]) -> list[str]:
    run = median_run(runs)
    return [_rate(runs), f"{run.p50_ms:,.1f}", f"{run.p99_ms:,.1f}"]


def _rate(runs: list[Run]) -> str:
    return _short(median_run(runs).per_second)
