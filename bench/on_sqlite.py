"""The desk on SQLite: one process, one file, every acknowledged ticket on the disk."""

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from bench.compare import ROUNDS
from bench.load import CONNECTIONS, Run, put_under_load
from bench.requests import (
    CREATE,
    LIST,
    STATS,
    Request,
    check_creating,
    check_desk,
    counted,
    creating_script,
    require,
)
from bench.rows import administering, copy_to_sqlite, fill_postgresql
from bench.servers import desk
from bench.watch import Watch

TICKETS = 100_000
READING = (LIST, STATS)
P99_ASKED_MS = 20.0
"""Of a reader who waits for each answer before the next question."""
CREATED_ASKED = 500
STEPS = 1 + ROUNDS * (2 * len(READING) + 1)


class Load(NamedTuple):
    """What is asked, over how many connections."""

    request: Request
    connections: int


def measure_sqlite(server: str, seconds: int, watch: Watch) -> dict[Load, list[Run]]:
    """The runs of each load, reading first."""
    watch.begin("loading SQLite")
    with tempfile.TemporaryDirectory() as folder:
        database = _filled(server, Path(folder) / "desk.sqlite3")
        with desk(database) as url:
            watch.done(f"SQLite: {TICKETS:,} tickets loaded; found {check_desk(url, TICKETS)}")
            runs: dict[Load, list[Run]] = defaultdict(list)
            loads = [Load(request, count) for request in READING for count in (1, CONNECTIONS)]
            for load in [*loads * ROUNDS, *[Load(CREATE, CONNECTIONS)] * ROUNDS]:
                watch.begin(f"SQLite: {load.request.name}")
                runs[load].append(_run(url, load, seconds))
                watch.done(f"    SQLite {load.request.name}, connections: {load.connections}")
            check_creating(url)
    return runs


def _run(url: str, load: Load, seconds: int) -> Run:
    path, connections = url + load.request.path, load.connections
    if load.request != CREATE:
        return put_under_load(path, seconds=seconds, connections=connections)
    before = counted(url)
    script = creating_script()
    run = put_under_load(path, seconds=seconds, connections=connections, script=script)
    stored = counted(url) - before
    require(stored >= run.answers, f"{run.answers} tickets were acknowledged, {stored} are stored")
    return run


def _filled(server: str, path: Path) -> str:
    """The same tickets as on PostgreSQL; returns the address of the file."""
    with administering(f"{server}/postgres") as connection:
        connection.execute(text("CREATE DATABASE source"))
    fill_postgresql(f"{server}/source", TICKETS)
    return copy_to_sqlite(f"{server}/source", path)
