"""Draws the milliseconds a request over the number of tickets, for the desk and the peer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.compare import Measured, Runs
from bench.load import median_run
from bench.requests import requests
from ticket_app.settings import ROOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = ROOT / "docs" / "images" / "bench-curves.svg"
COLUMNS = 4
WIDTH_INCHES, HEIGHT_INCHES = 12.0, 5.6
PAPER, INK, GRID = "#ffffff", "#24292f", "#d8dee4"
"""The picture has its own background, so that it is readable on a dark page as well."""
SIDES = {"desk": ("#0a5bd3", "o"), "peer": ("#c4540a", "s")}
STYLE: Any = {
    "svg.fonttype": "none",  # text stays text, which keeps the file small
    "svg.hashsalt": "bench",  # the same figures make the same file
    "font.sans-serif": ["DejaVu Sans", "Arial"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(sizes: Sequence[Measured], target: Path) -> None:
    """Write the picture: one plot for each request, both axes logarithmic."""
    import matplotlib as mpl  # noqa: PLC0415  # importing it takes half a second
    from matplotlib.figure import Figure  # noqa: PLC0415

    names = [request.name for request in requests(sizes[0].tickets)]
    with mpl.rc_context(STYLE):
        figure = Figure((WIDTH_INCHES, HEIGHT_INCHES), facecolor=PAPER, layout="constrained")
        fields = figure.subplots(-(-len(names) // COLUMNS), COLUMNS, sharex=True, sharey=True)
        for field, name in zip(fields.flat, names, strict=True):
            _draw_request(field, name, sizes)
        figure.supxlabel("tickets")
        figure.supylabel("milliseconds a request: 1000 / requests a second")
        fields.flat[0].legend(frameon=False)
        figure.savefig(target, format="svg", metadata={"Date": None})


def _draw_request(field: "Axes", name: str, sizes: Sequence[Measured]) -> None:
    field.set_title(name, fontsize=9)
    field.set(xscale="log", yscale="log")
    field.minorticks_off()
    field.grid(color=GRID, linewidth=0.6)
    for side, (colour, marker) in SIDES.items():
        runs: list[Runs] = [getattr(measured, side) for measured in sizes]
        points = [
            (measured.tickets, 1000 / median_run(run[name]).per_second)
            for measured, run in zip(sizes, runs, strict=True)
            if name in run
        ]
        if points:
            field.plot(*zip(*points, strict=True), color=colour, marker=marker, label=side)
