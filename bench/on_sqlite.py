"""Measures the desk on SQLite: one process, one file, every acknowledged ticket on the disk."""

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from bench.compare import ROUNDS
from bench.load import CONNECTIONS, Run, put_under_load
from bench.progress import Steps
from bench.requests import (
    CREATE,
    LIST,
    STATS,
    Request,
    check_creating,
    check_desk,
    count_tickets,
    creating_script,
    require,
)
from bench.servers import desk
from harness.filling import autocommitting, copy_to_sqlite, fill_postgresql

TICKETS = 100_000
READING = (LIST, STATS)
P99_TARGET_MS = 20.0
"""The target for a reader who sends one request at a time."""
CREATES_TARGET = 500
STEPS = 1 + ROUNDS * (2 * len(READING) + 1)


class Load(NamedTuple):
    """One kind of request, and how many connections send it."""

    request: Request
    connections: int


def measure_sqlite(server: str, seconds: int, steps: Steps) -> dict[Load, list[Run]]:
    """Returns the runs of each load. Reads come before creates."""
    steps.begin("loading SQLite")
    with tempfile.TemporaryDirectory() as folder:
        database = _load_file(server, Path(folder) / "desk.sqlite3")
        with desk(database) as url:
            steps.done(f"SQLite: {TICKETS:,} tickets loaded; found {check_desk(url, TICKETS)}")
            runs: dict[Load, list[Run]] = defaultdict(list)
            loads = [Load(request, count) for request in READING for count in (1, CONNECTIONS)]
            for load in [*loads * ROUNDS, *[Load(CREATE, CONNECTIONS)] * ROUNDS]:
                steps.begin(f"SQLite: {load.request.name}")
                runs[load].append(_run(url, load, seconds))
                steps.done(f"    SQLite {load.request.name}, connections: {load.connections}")
            check_creating(url)
    return runs


def _run(url: str, load: Load, seconds: int) -> Run:
    path, connections = url + load.request.path, load.connections
    if load.request != CREATE:
        return put_under_load(path, seconds=seconds, connections=connections)
    before = count_tickets(url)
    script = creating_script()
    run = put_under_load(path, seconds=seconds, connections=connections, script=script)
    stored = count_tickets(url) - before
    require(stored >= run.answers, f"{run.answers} tickets were acknowledged, {stored} are stored")
    return run


def _load_file(server: str, path: Path) -> str:
    """Copies the same tickets as on PostgreSQL into a file; returns the file's URL."""
    with autocommitting(f"{server}/postgres") as connection:
        connection.execute(text("CREATE DATABASE source"))
    fill_postgresql(f"{server}/source", TICKETS)
    return copy_to_sqlite(f"{server}/source", path)
