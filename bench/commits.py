"""`python -m bench.commits FOLDER` compares the speed of this checkout with another one's.

FOLDER is a checkout of the commit to compare with; the same Python serves it. Each side has its own
PostgreSQL database, filled by its own code, and one process. The sides take turns under load, and
the order alternates from round to round. The output is the ratio of this checkout's requests a
second to the other's: the median of the rounds, with a 95% bootstrap interval.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import httpx2
from sqlalchemy import text

from bench.load import put_under_load
from bench.requests import LIST_PATH, creating_script, status_script
from bench.servers import postgresql_binaries, served_by
from harness import postgres
from harness.filling import autocommitting, vacuum
from ticket_app.settings import ROOT

TICKETS = 20_000
RESAMPLED = 2_000
FILL = """
import sys
try:
    from harness.filling import fill_postgresql
except ModuleNotFoundError:  # commits before the harness
    from bench.rows import fill_postgresql
fill_postgresql(sys.argv[1], {count})
"""


class Side(NamedTuple):
    """A served checkout: its URL, and for each kind of request wrk's script, or None for GET."""

    url: str
    scripts: dict[str, str | None]


def main(arguments: Sequence[str]) -> None:
    """Measure and print one line for each kind of request."""
    parser = argparse.ArgumentParser(prog="bench.commits", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folders = (ROOT, options.folder.resolve())
        sides = [stack.enter_context(_served(folder)) for folder in folders]
        for kind in ("create", "change", "list"):
            ratios = _ratios(sides, kind, options.rounds, options.seconds)
            low, high = interval(ratios)
            print(f"{kind}: {median(ratios):.3f} ({low:.3f} to {high:.3f})", flush=True)


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Returns the 95% confidence interval of the median, by a bootstrap with a fixed seed."""
    chance = Random(1)  # noqa: S311  # no secret
    medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLED))
    return medians[RESAMPLED * 25 // 1_000], medians[RESAMPLED * 975 // 1_000]


@contextmanager
def _served(folder: Path) -> Iterator[Side]:
    with postgres.running_server(postgresql_binaries(), settings="") as server:
        with autocommitting(f"{server}/postgres") as connection:
            connection.execute(text("CREATE DATABASE desk"))
        url = f"{server}/desk"
        command = [sys.executable, "-c", FILL.format(count=TICKETS), url]
        subprocess.run(command, cwd=folder, check=True, timeout=600)
        vacuum(url)
        with served_by(folder, url) as served:
            yield Side(served.url, _scripts(served.url))


def _scripts(url: str) -> dict[str, str | None]:
    query = "status=open&status=in_progress&limit=200"
    tickets = httpx2.get(f"{url}{LIST_PATH}?{query}", timeout=30).json()
    statuses = {ticket["id"]: ticket["status"] for ticket in tickets}
    return {"create": creating_script(), "change": status_script(statuses), "list": None}


def _ratios(sides: Sequence[Side], kind: str, rounds: int, seconds: int) -> list[float]:
    def rate(side: Side) -> float:
        script = side.scripts[kind]
        return put_under_load(side.url + LIST_PATH, seconds=seconds, script=script).per_second

    return [_in_turn(sides, rate, first=number % 2) for number in range(rounds)]


def _in_turn(sides: Sequence[Side], rate: Callable[[Side], float], *, first: int) -> float:
    rates = {place: rate(sides[place]) for place in (first, 1 - first)}
    return rates[0] / rates[1]


if __name__ == "__main__":
    main(sys.argv[1:])
