"""What was measured, as tables: each figure beside what is asked of it."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from bench.compare import NOOP, Measured
from bench.growth import GROWTH_ASKED
from bench.latency import Latency
from bench.load import Run, typical
from bench.on_sqlite import CREATED_ASKED, P99_ASKED_MS, Load
from bench.report import table
from bench.requests import CREATE, requests

ASKED_FROM = 100_000
"""Tickets: with fewer, nothing is asked of the ratios."""
MEASURED = ["req/s", "p50 ms", "p99 ms"]


def compared(measured: Measured) -> str:
    """The desk beside the peer, and how many times as many answers it gives.

    The ratio is the median of the rounds' own ratios, with the lowest and the highest: far apart,
    they tell of a machine that had other things to do.
    """
    head = ["request", *(f"desk: {it}" for it in MEASURED), *(f"peer: {it}" for it in MEASURED)]
    rows = []
    for request in requests(measured.tickets):
        ours, theirs = measured.desk[request.name], measured.peer[request.name]
        times = ratios(ours, theirs)
        asked = _asked(f"≥ {request.asked:g}", reached=median(times) >= request.asked)
        small = measured.tickets < ASKED_FROM
        cells = [*_cells(ours), *_cells(theirs), _spread(times), "" if small else asked]
        rows.append([request.name, *cells])
    return table([*head, "desk : peer", "asked"], rows)


def alone(measured: Measured) -> str:
    """The desk's figures, where there is nobody to compare it with."""
    return table(
        ["request", *MEASURED], [[name, *_cells(it)] for name, it in measured.desk.items()]
    )


def over_floor(measured: Measured) -> str:
    """What share each path reaches of what its own statements allow, and of HTTP alone."""
    noop = measured.floor[NOOP.name]
    rows = []
    for request in requests(measured.tickets):
        ours, bare = measured.desk[request.name], measured.floor[request.name]
        shares = [f"{median(ratios(ours, other)):.0%}" for other in (bare, noop)]
        rows.append([request.name, _rate(ours), _rate(bare), _rate(noop), *shares])
    names = ["desk: req/s", "its statements, bare: req/s", "nothing: req/s"]
    return table(["request", *names, "desk : bare", "desk : nothing"], rows)


def grown(sizes: Sequence[Measured]) -> str:
    """Milliseconds of the figures at each size, and how much longer the last takes."""
    rows = []
    for name in sizes[0].figures:
        taken = [measured.figures[name] for measured in sizes]
        growth = taken[-1] / taken[0]
        asked = _asked(f"≤ {GROWTH_ASKED:g}", reached=growth <= GROWTH_ASKED)
        rows.append([name, *(f"{ms:.2f}" for ms in taken), f"**{growth:.2f}**", asked])
    heads = [f"{measured.tickets:,}" for measured in sizes]
    return table(["milliseconds at", *heads, "last : first", "asked"], rows)


def searched(latencies: Mapping[str, Latency]) -> str:
    """How long searches take, one after the other."""
    rows = [
        [
            name,
            f"{it.p50_ms:.1f}",
            f"**{it.p99_ms:.1f}**",
            _asked(f"≤ {it.asked_ms:g}", reached=it.p99_ms <= it.asked_ms),
        ]
        for name, it in latencies.items()
    ]
    return table(["searched for", "p50 ms", "p99 ms", "p99 asked"], rows)


def on_sqlite(loads: Mapping[Load, list[Run]]) -> str:
    """The desk on SQLite; latency is asked of one connection, filing of many."""
    rows = []
    for load, runs in loads.items():
        run = typical(runs)
        asked = ""
        if load.request == CREATE:
            asked = _asked(f"req/s ≥ {CREATED_ASKED}", reached=run.per_second >= CREATED_ASKED)
        elif load.connections == 1:
            asked = _asked(f"p99 ≤ {P99_ASKED_MS:g}", reached=run.p99_ms <= P99_ASKED_MS)
        rows.append([load.request.name, str(load.connections), *_cells(runs), asked])
    return table(["request", "connections", *MEASURED, "asked"], rows)


def ratios(ours: Iterable[Run], theirs: Iterable[Run]) -> list[float]:
    """How many times as many answers a second, round by round."""
    return [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]


def _spread(values: Sequence[float]) -> str:
    return f"**{_short(median(values))}** ({_short(min(values))} to {_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _asked(what: str, *, reached: bool) -> str:
    return what if reached else f"{what}: **missed**"


def _cells(runs: list[Run]) -> list[str]:
    run = typical(runs)
    return [_rate(runs), f"{run.p50_ms:,.1f}", f"{run.p99_ms:,.1f}"]


def _rate(runs: list[Run]) -> str:
    return _short(typical(runs).per_second)
