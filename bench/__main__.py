"""`python -m bench` loads both sides, checks their answers, measures them and prints tables."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import text

from bench import messages, plots, report, tables
from bench.compare import ROUNDS, Measured, Plan, count_steps, measure
from bench.load import CONNECTIONS, Run, wrk
from bench.on_sqlite import STEPS as SQLITE_STEPS
from bench.on_sqlite import TICKETS as SQLITE_TICKETS
from bench.on_sqlite import Load, measure_sqlite
from bench.profile import shares
from bench.progress import showing_steps
from bench.servers import Peer, postgresql_binaries, redis_server
from harness import postgres
from harness.filling import autocommitting
from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError
from ticket_app.settings import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
SIZES, FULL_SIZES = (100_000, 1_000_000), (1_000, 10_000, 100_000, 1_000_000)
WORKERS = 2
BUSY = 0.7
SERVER = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "max_connections": "200",
}
"""PostgreSQL's settings for both sides, as usual on a machine of this size. Commits stay
durable."""


def main() -> int:
    """Measure, print, and write the page. Returns 2 if a required program or folder is missing."""
    arguments = _arguments()
    # However the benchmark ends, the servers that it has started end with it.
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    try:
        _measure(arguments)
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return 2
    return 0


def _measure(arguments: argparse.Namespace) -> None:
    binaries = _required_binaries(arguments)
    peer = Peer(Path(arguments.peer)) if arguments.peer else None
    if peer is None:
        say("PEER_DIR is not set: only the desk is measured, there is nothing to compare it with.")
    load = os.getloadavg()[0]
    if load > BUSY:
        say(f"This machine is busy (load {load:.1f}); the figures will say less than they could.")
    settings = " ".join(f"-c {name}={value}" for name, value in SERVER.items())
    with postgres.running_server(binaries, settings=settings) as server:
        if arguments.messages:
            _measure_messages(server, arguments)
            return
        sizes, sqlite = _all_figures(server, peer, arguments)
        page_text = _page_text(_circumstances(server, peer, arguments), sizes, sqlite)
    say(f"\n{page_text}")
    if peer is None or arguments.print_only:
        say(f"\n{PAGE.relative_to(ROOT)} stays as it is.")
        return
    plots.draw(sizes, plots.PICTURE)
    report.write_into(PAGE, page_text)
    say(f"\nWritten into {PAGE.relative_to(ROOT)}.")


def _measure_messages(server: str, arguments: argparse.Namespace) -> None:
    sizes = arguments.tickets or messages.SIZES
    with showing_steps(messages.STEPS) as steps:
        ratios = messages.measure_messages(server, sizes, steps)
    say(f"\n{messages.messages_table(ratios, sizes)}")


def _required_binaries(arguments: argparse.Namespace) -> Path:
    """Returns the folder of PostgreSQL's programs. Raises BenchError if any program is missing."""
    wrk()
    if arguments.workers > 1:
        redis_server()
    return postgresql_binaries()


def _all_figures(
    server: str, peer: Peer | None, arguments: argparse.Namespace
) -> tuple[list[Measured], dict[Load, list[Run]]]:
    largest = max(arguments.tickets)
    plans = {
        tickets: Plan(arguments.seconds, arguments.workers, arguments.full and tickets == largest)
        for tickets in sorted(arguments.tickets)
    }
    total = sum(count_steps(plan, peer=peer is not None) for plan in plans.values())
    with showing_steps(total + SQLITE_STEPS * arguments.full) as steps:
        sizes = [measure(server, tickets, peer, plan, steps) for tickets, plan in plans.items()]
        sqlite = measure_sqlite(server, arguments.seconds, steps) if arguments.full else {}
    return sizes, sqlite


def _page_text(
    circumstances: str, sizes: Sequence[Measured], sqlite: Mapping[Load, list[Run]]
) -> str:
    parts = [circumstances]
    for measured in sizes:
        side_by_side = tables.compared(measured) if measured.peer else tables.alone(measured)
        parts += [f"## {measured.tickets:,} tickets", side_by_side]
        parts += ["Compared with the floor:", tables.over_floor(measured)]
        parts += [
            "With accounts, sent with the cookie of a session and with an API token:",
            tables.with_accounts(measured),
        ]
    if sizes[-1].peer:
        where = plots.PICTURE.relative_to(PAGE.parent)
        parts += ["## Curves", f"![Milliseconds a request over the number of tickets]({where})"]
    if len(sizes) > 1:
        parts += ["## Services without HTTP", tables.grown(sizes)]
    if sizes[-1].searches:
        parts += [
            f"## Searches, {sizes[-1].tickets:,} tickets",
            tables.searched(sizes[-1].searches),
        ]
    if sizes[-1].profiles:
        parts += [f"## Profile, {sizes[-1].tickets:,} tickets", shares(sizes[-1].profiles)]
    if sqlite:
        parts += [f"## SQLite, {SQLITE_TICKETS:,} tickets", tables.on_sqlite(sqlite)]
    return "\n\n".join(parts)


def _circumstances(server: str, peer: Peer | None, arguments: argparse.Namespace) -> str:
    command = "make bench-full" if arguments.full else "make bench"
    settings = ", ".join(f"{name} {value}" for name, value in SERVER.items())
    lines = [
        f"{report.today()}, `{command}`: medians of {ROUNDS} runs of {arguments.seconds} s",
        f"Load: {_wrk_version()}, {CONNECTIONS} connections",
        f"{report.machine()}; servers, database and load share them",
        f"Desk: {report.versions()}; {_processes(arguments.workers)}",
        *([f"Peer: {peer.versions()}; {_processes(arguments.workers)}"] if peer else []),
        f"PostgreSQL {_server_version(server)}, durable, {settings}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _processes(count: int) -> str:
    return "one worker process" if count == 1 else f"{count} worker processes"


def _server_version(server: str) -> str:
    with autocommitting(f"{server}/postgres") as connection:
        return str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]


def _wrk_version() -> str:
    # wrk prints its version before its usage, and exits with a failure.
    printed = subprocess.run([wrk(), "--version"], capture_output=True, text=True, check=False)
    return " ".join((printed.stdout or printed.stderr).split()[:2])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every size, searches, and SQLite")
    parser.add_argument(
        "--messages", action="store_true", help="posts, and searches in messages, alone"
    )
    parser.add_argument("--tickets", type=int, nargs="+", help="the sizes")
    parser.add_argument("--seconds", type=int, default=2, help="a run (default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=WORKERS, help="processes a side (default: %(default)s)"
    )
    parser.add_argument("--peer", default=os.environ.get("PEER_DIR"), help="its folder")
    parser.add_argument("--print-only", action="store_true", help="leave the page as it is")
    arguments = parser.parse_args()
    if not arguments.messages:
        arguments.tickets = arguments.tickets or (FULL_SIZES if arguments.full else SIZES)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
