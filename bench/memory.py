"""`python -m bench.memory` measures the peak memory of the serving process for each request.

Tickets and pages have the largest size that the desk allows. The same requests are sent in several
rounds: memory that grows from round to round is unbounded.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx2
from sqlalchemy import text

from bench.load import CONNECTIONS, BenchError, put_under_load
from bench.report import machine, table
from bench.requests import LIST_PATH
from bench.servers import Served, own_database, served_desk
from harness.filling import autocommitting, migrate_database, vacuum
from ticket_app.api.limits.bodies import BODY_MAX
from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError
from ticket_app.schemas.tickets import PAGE_MAX
from ticket_app.vocabulary import DESCRIPTION_MAX

TICKETS = 1_000
SECONDS = 5
SECONDS_BETWEEN_SAMPLES = 0.02
TOO_LARGE = 16 * BODY_MAX

FILL = """
INSERT INTO ticket (title, description, category, priority)
SELECT 'Ticket ' || i, left(words, :longest), 'technical', 'high'
FROM generate_series(1, :tickets) i, LATERAL (
  SELECT string_agg(substr(md5((i * 10000 + n)::text), 1, 3 + n % 6), ' ') AS words
  FROM generate_series(1, :longest / 5) n
) AS written
"""

WORDS = f"""
local letters = "etaoinshrdlu"
math.randomseed(os.time())
function word()
  local made = {{}}
  for n = 1, 4 + math.random(5) do
    local at = math.random(#letters)
    made[n] = letters:sub(at, at)
  end
  return table.concat(made)
end
function long()
  local made, size = {{}}, 0
  while size < {DESCRIPTION_MAX - 20} do
    made[#made + 1] = word()
    size = size + #made[#made] + 1
  end
  return table.concat(made, " ")
end
"""
"""Lua functions for words and long texts that are new in every request."""

SEARCHING = (
    f"function request() return wrk.format('GET', '{LIST_PATH}?limit={PAGE_MAX}&search='"
    " .. word():sub(1, 3)) end"
)
SIMILAR = (
    f"function request() return wrk.format('GET', '{LIST_PATH}' .. math.random({TICKETS})"
    " .. '/similar/?limit=20') end"
)
_SENDING = """
local headers = {{["Content-Type"] = "application/json"}}
function request()
  return wrk.format("POST", "{path}", headers, '{{{title}"description": "' .. long() .. '"}}')
end
"""
CLASSIFYING = _SENDING.format(path=f"{LIST_PATH}classify/", title="")
FILING = _SENDING.format(path=LIST_PATH, title='"title": "Long", ')


def main() -> int:
    """Print the table. Returns 2 if a required program is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    arguments = parser.parse_args()
    try:
        say(f"{machine()}; one worker process, {arguments.connections} connections\n")
        say(_peak_table(_measure(arguments.connections, arguments.rounds)))
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return 2
    return 0


def _measure(connections: int, rounds: int) -> dict[str, list[float]]:
    """Returns for each kind of request the process's peak memory in each round, in MiB."""
    with own_database() as database:
        migrate_database(database)
        with autocommitting(database) as connection:
            connection.execute(text(FILL), {"tickets": TICKETS, "longest": DESCRIPTION_MAX})
        vacuum(database)
        with served_desk(database) as served:
            return _rounds(served, connections, rounds)


def _rounds(served: Served, connections: int, rounds: int) -> dict[str, list[float]]:
    worker = _worker(served.pid)
    say(f"nothing yet: {_resident_mib(worker):.0f} MiB", to=sys.stderr)
    sizes: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, send in _loads(served.url, connections).items():
            with _sampled_sizes(worker) as seen:
                send()
            sizes.setdefault(name, []).append(max(seen))
            say(f"{name}: {max(seen):.0f} MiB", to=sys.stderr)
    return sizes


def _loads(url: str, connections: int) -> dict[str, Callable[[], object]]:
    def load(path: str = "", script: str | None = None) -> Callable[[], object]:
        written = None if script is None else WORDS + script
        return lambda: put_under_load(
            url + path, seconds=SECONDS, connections=connections, script=written
        )

    return {
        f"pages of {PAGE_MAX}": load(f"{LIST_PATH}?limit={PAGE_MAX}"),
        "searches, each for other letters": load(script=SEARCHING),
        "similar tickets": load(script=SIMILAR),
        "statistics": load(f"{LIST_PATH}stats/"),
        "triage of other texts each time": load(script=CLASSIFYING),
        "filing other texts each time": load(script=FILING),
        f"bodies of {TOO_LARGE >> 20} MiB": lambda: _send_oversized(url, connections),
    }


def _send_oversized(url: str, connections: int) -> None:
    """Send an oversized body on each connection at once, chunked, without a Content-Length."""
    piece = b" " * BODY_MAX

    def send(_: int) -> int:
        pieces = (piece for _ in range(TOO_LARGE // BODY_MAX))
        kind = {"Content-Type": "application/json"}
        return httpx2.post(url + LIST_PATH, content=pieces, headers=kind, timeout=60).status_code

    with ThreadPoolExecutor(connections) as pool:
        answers = set(pool.map(send, range(connections)))
    if answers != {413}:
        raise BenchError(f"A body of {TOO_LARGE} bytes is answered with {answers}, not with 413.")


@contextmanager
def _sampled_sizes(process: int) -> Iterator[list[float]]:
    """Yields a list that collects the process's memory in MiB while the block lasts."""
    seen: list[float] = [_resident_mib(process)]
    done = Event()

    def sample() -> None:
        while not done.wait(SECONDS_BETWEEN_SAMPLES):
            seen.append(_resident_mib(process))

    sampler = Thread(target=sample)
    sampler.start()
    try:
        yield seen
    finally:
        done.set()
        sampler.join()


def _worker(server: int) -> int:
    """Returns the process id of the worker: the largest child of the server."""
    time.sleep(SECONDS)  # until the background work of the start has ended
    tasks = Path(f"/proc/{server}/task/{server}/children")
    return max(map(int, tasks.read_text(encoding="ascii").split()), key=_resident_mib)


def _resident_mib(process: int) -> float:
    """Returns the resident memory of a process in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    (held,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(held.split()[1]) / 1024


def _peak_table(sizes: dict[str, list[float]]) -> str:
    rounds = max(map(len, sizes.values()))
    head = ["MiB at most", *(f"round {number}" for number in range(1, rounds + 1))]
    return table(head, [[name, *(f"{size:.0f}" for size in each)] for name, each in sizes.items()])


if __name__ == "__main__":
    sys.exit(main())
