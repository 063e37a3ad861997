"""`python -m bench`: fill, check, measure in turns, tell."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from bench import report
from bench.load import BenchError, Request, Run, put_under_load, wrk
from bench.requests import CREATE, READING, check_creating, check_desk, check_same
from bench.rows import administering, copy_to_sqlite, count_rows, fill_postgresql
from bench.servers import Peer, desk
from tests import postgres
from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError
from ticket_app.settings import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
ROUNDS = 3
PEER_WORKERS = (1, 2)
BUSY = 0.7
WARM_UP_SECONDS = 1

Runs = dict[str, list[Run]]


class Bench:
    """One database server, two databases, and the sides that are measured in turns."""

    def __init__(self, server: str, peer: Peer | None, arguments: argparse.Namespace) -> None:
        self._desk_db = _new_database(server, "desk")
        self._peer_db = _new_database(server, "peer")
        self._peer = peer
        self._tickets: int = arguments.tickets
        self._seconds: int = arguments.seconds

    def fill(self) -> None:
        """The same tickets on both sides."""
        say(f"Loading {self._tickets:,} tickets into PostgreSQL.")
        fill_postgresql(self._desk_db, self._tickets)
        if self._peer is not None:
            say("The same for the peer; the first time it installs what it needs.")
            self._peer.load(self._peer_db, self._tickets)

    def compare(self) -> str:
        """Measure on PostgreSQL and return the table."""
        say("Starting the desk on PostgreSQL.")
        ours: Runs = defaultdict(list)
        theirs: dict[str, Runs] = {_workers(count): defaultdict(list) for count in PEER_WORKERS}
        with desk(self._desk_db) as url:
            say(f"The desk answers with {check_desk(url, self._tickets)}.")
            for requests in (READING, (CREATE,)):
                for number in range(1, ROUNDS + 1):
                    say(f"Round {number} of {ROUNDS}: {', '.join(r.name for r in requests)}.")
                    self._round(url, requests, ours, theirs)
        self._check_stored(self._desk_db, "ticket", ours)
        if self._peer is None:
            return report.alone(ours)
        return report.compared(ours, theirs)

    def measure_sqlite(self) -> str:
        """The desk alone, on SQLite with the same tickets; returns the table."""
        say("Starting the desk on SQLite.")
        runs: Runs = defaultdict(list)
        with tempfile.TemporaryDirectory() as folder:
            source = _new_database(self._desk_db.rpartition("/")[0], "source")
            fill_postgresql(source, self._tickets)
            with desk(copy_to_sqlite(source, Path(folder) / "desk.sqlite3")) as url:
                say(f"The desk answers with {check_desk(url, self._tickets)}.")
                self._warm_up(url)
                for requests in (READING, (CREATE,)):
                    for _ in range(ROUNDS):
                        self._run("desk", url, requests, runs)
                check_creating(url)
        return report.alone(runs)

    def _round(
        self, url: str, requests: tuple[Request, ...], ours: Runs, theirs: dict[str, Runs]
    ) -> None:
        self._warm_up(url)
        self._run("desk", url, requests, ours)
        if CREATE in requests:
            check_creating(url)
        if self._peer is None:
            return
        for workers in PEER_WORKERS:
            runs = theirs[_workers(workers)]
            with self._peer.serving(self._peer_db, workers=workers) as peer_url:
                if CREATE in requests:
                    check_creating(peer_url)
                else:
                    check_same(url, peer_url)
                self._warm_up(peer_url)
                before = count_rows(self._peer_db, "peer_ticket")
                self._run(f"peer, {_workers(workers)}", peer_url, requests, runs)
                if CREATE in requests:
                    stored = count_rows(self._peer_db, "peer_ticket") - before
                    _require_stored(stored, runs[CREATE.name][-1].answers)

    def _run(self, who: str, url: str, requests: tuple[Request, ...], runs: Runs) -> None:
        for request in requests:
            run = put_under_load(url, request, seconds=self._seconds)
            say(f"    {who:<16} {request.name:<18} {run.per_second:>6,.0f} a second")
            runs[request.name].append(run)

    @staticmethod
    def _warm_up(url: str) -> None:
        put_under_load(url, READING[0], seconds=WARM_UP_SECONDS)

    def _check_stored(self, database: str, table: str, runs: Runs) -> None:
        stored = count_rows(database, table) - self._tickets
        _require_stored(stored, sum(run.answers for run in runs[CREATE.name]))


def main() -> int:
    """Measure, print, and write the page; 2 where something a person must bring is missing."""
    arguments = _arguments()
    try:
        _measure(arguments)
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return 2
    return 0


def _measure(arguments: argparse.Namespace) -> None:
    wrk()
    binaries = postgres.find_binaries()
    if binaries is None:
        raise BenchError(f"PostgreSQL is missing; bring it with: {postgres.HOW_TO_BRING_IT}")
    peer = Peer(Path(arguments.peer)) if arguments.peer else None
    if peer is None:
        say("PEER_DIR is not set: only the desk is measured, there is nothing to compare it with.")
    load = os.getloadavg()[0]
    if load > BUSY:
        say(f"This machine is busy (load {load:.1f}); the figures will say less than they could.")
    with ExitStack() as stack:
        server = stack.enter_context(postgres.running_server(binaries, durable=True))
        bench = Bench(server, peer, arguments)
        bench.fill()
        on_postgresql = bench.compare()
        on_sqlite = bench.measure_sqlite()
        told = _told(server, peer, arguments, on_postgresql, on_sqlite)
    say(f"\n{told}")
    if peer is None or arguments.print_only:
        say(f"\n{PAGE.relative_to(ROOT)} stays as it is.")
    else:
        report.write_into(PAGE, told)
        say(f"\nWritten into {PAGE.relative_to(ROOT)}.")


def _told(
    server: str,
    peer: Peer | None,
    arguments: argparse.Namespace,
    on_postgresql: str,
    on_sqlite: str,
) -> str:
    peer_line = f"- Peer: {peer.versions()}\n" if peer else ""
    return (
        f"- {report.today()}, `make bench`: {arguments.tickets:,} tickets, "
        f"medians of {ROUNDS} runs of {arguments.seconds} s\n"
        f"- {report.machine()}; servers, database and load share them\n"
        f"- Desk: {report.versions()}; one worker process\n"
        f"{peer_line}"
        f"- PostgreSQL {_server_version(server)} with its own durable settings; {_wrk_version()}\n"
        f"\n## PostgreSQL\n\n{on_postgresql}\n\n## SQLite\n\n{on_sqlite}"
    )


def _workers(count: int) -> str:
    return f"{count} worker" if count == 1 else f"{count} workers"


def _require_stored(stored: int, answers: int) -> None:
    if stored < answers:
        raise BenchError(f"{answers} tickets were answered as created, {stored} are stored.")


def _new_database(server: str, name: str) -> str:
    with administering(f"{server}/postgres") as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    return f"{server}/{name}"


def _server_version(server: str) -> str:
    with administering(f"{server}/postgres") as connection:
        return str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]


def _wrk_version() -> str:
    # It prints its version and then its usage, which it counts as a failure.
    asked = subprocess.run([wrk(), "--version"], capture_output=True, text=True, check=False)
    return " ".join((asked.stdout or asked.stderr).split()[:2])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=3, help="a run (default: %(default)s)")
    parser.add_argument("--peer", default=os.environ.get("PEER_DIR"), help="its folder")
    parser.add_argument("--print-only", action="store_true", help="leave the page as it is")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
