"""The figures as tables, and the page of the documentation that shows them."""

import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.load import BenchError, Run, typical

BEGIN, END = "<!-- written by make bench -->", "<!-- end of what make bench writes -->"
Figures = Mapping[str, list[Run]]
"""The runs for each request's name, in the order of the rounds."""


def compared(desk: Figures, peers: Mapping[str, Figures]) -> str:
    """One table: the desk beside each peer, and how many times as many answers it gives.

    The ratio is the median of the rounds' own ratios, with the lowest and the highest: far apart,
    they tell of a machine that had other things to do.
    """
    names = [f"peer, {name}" for name in peers]
    head = ["request", *(_measured("desk")), *(part for name in names for part in _measured(name))]
    head += [f"desk : {name}" for name in names]
    rows = []
    for request, runs in desk.items():
        others = [figures[request] for figures in peers.values()]
        cells = [request, *_cells(runs), *(cell for other in others for cell in _cells(other))]
        rows.append([*cells, *(_ratio(runs, other) for other in others)])
    return table(head, rows)


def alone(figures: Figures) -> str:
    """A table of one side."""
    rows = [[request, *_cells(runs)] for request, runs in figures.items()]
    return table(["request", *_measured("desk")], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """In Markdown, aligned, so that it reads as well on a terminal."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def machine() -> str:
    """What the figures depend on, without naming whose machine it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {_cpu()}, {memory:.0f} GiB of memory"


def versions() -> str:
    """What the desk runs on."""
    names = ("fastapi", "sqlalchemy", "psycopg2-binary", "granian", "reflex")
    found = [f"{name} {version(name)}" for name in names]
    return ", ".join([f"Python {platform.python_version()}", *found])


def today() -> str:
    """The date of the figures."""
    return datetime.now(UTC).date().isoformat()


def write_into(page: Path, text: str) -> None:
    """Replace what the last run has written on that page. Raises BenchError without the marks."""
    before = page.read_text(encoding="utf-8") if page.is_file() else ""
    written = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    if not written.search(before):
        raise BenchError(f"{page} has no place for the figures; it is between {BEGIN} and {END}")
    after = written.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", before)
    page.write_text(after, encoding="utf-8")


def _measured(who: str) -> list[str]:
    return [f"{who}: req/s", "p50 ms", "p99 ms"]


def _cells(runs: list[Run]) -> list[str]:
    run = typical(runs)
    return [f"{run.per_second:,.0f}", f"{run.p50_ms:.1f}", f"{run.p99_ms:.1f}"]


def _ratio(ours: list[Run], theirs: list[Run]) -> str:
    ratios = [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]
    return f"**{median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    told = info.read_text(encoding="utf-8") if info.is_file() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return named[1].strip() if named else platform.machine()
