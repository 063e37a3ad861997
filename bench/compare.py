"""Measures one size: the desk, its floor and the peer take turns under the same load."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import ceil
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from bench.accounts import ANYONE, Sender, closed_for
from bench.growth import figures_ms
from bench.latency import Latency, search_latencies
from bench.load import CONNECTIONS, BenchError, Run, put_under_load
from bench.profile import profiles
from bench.progress import Steps
from bench.requests import (
    CREATE,
    STATUS,
    WRITING,
    Request,
    changed_after,
    check_creating,
    check_desk,
    check_same,
    creating_script,
    reading,
    requests,
    require,
    status_script,
)
from bench.rows import count_rows, delete_newer, status_of, unresolved, wait_until_idle
from bench.servers import Peer, Served, floor, served_desk, workers
from bench.statements import record_statements
from harness.filling import autocommitting, fill_postgresql, vacuum

ROUNDS = 3
NOOP = Request("nothing", "/noop", 0)
WARM_UP = "/api/tickets/1/"
WARM_UP_SECONDS = 1
SLOW_SECONDS = 0.2
"""A peer that takes longer for one answer is restarted after its run. The requests that wrk
abandons would keep it busy for long."""
ANSWERS_WANTED = 16
LONGEST_SECONDS = 15
"""A run of a slow peer lasts until ANSWERS_WANTED answers, but at most this long."""

Runs = Mapping[str, list[Run]]
"""The runs by the name of their request, in the order of the rounds."""


class Plan(NamedTuple):
    """The plan for one size: seconds of a usual run, and worker processes of each side.

    A `thorough` plan also times searches one by one and runs a sampling profiler.
    """

    seconds: int
    workers: int
    thorough: bool


class Accounts(NamedTuple):
    """The runs of the desk once it has accounts, by a session and by an API token. `peer` are those
    of the peer to compare them with; it writes again beside them."""

    session: Runs
    token: Runs
    peer: Runs


class Measured(NamedTuple):
    """The results for one size. `peer` is empty without a peer; `figures` are in milliseconds."""

    tickets: int
    desk: Runs
    floor: Runs
    peer: Runs
    figures: Mapping[str, float]
    searches: Mapping[str, Latency]
    profiles: Mapping[str, Counter[str]]
    accounts: Accounts


class _Side(NamedTuple):
    """One side of the comparison: its name, its database and table, who sends its requests, and its
    runs so far."""

    name: str
    database: str
    table: str
    runs: dict[str, list[Run]]
    sender: Sender = ANYONE


def count_steps(plan: Plan, *, peer: bool) -> int:
    """Returns how many steps of progress one size takes."""
    count = len(requests(1))
    with_accounts = 2 * count + len(WRITING) * peer
    return 1 + 2 * plan.thorough + ROUNDS * (2 * count + 1 + count * peer + with_accounts)


def measure(server: str, tickets: int, peer: Peer | None, plan: Plan, steps: Steps) -> Measured:
    """Fill the databases, check that all sides give the same answers, and measure them in turns."""
    return _Comparison(server, tickets, peer, plan, steps).run()


class _Comparison:
    def __init__(
        self, server: str, tickets: int, peer: Peer | None, plan: Plan, steps: Steps
    ) -> None:
        self._server = server
        self._tickets = tickets
        self._plan = plan
        self._steps = steps
        self._desk = _side(server, "desk", "ticket", tickets)
        self._floor = self._desk._replace(name="floor", runs=defaultdict(list))
        self._peer = _side(server, "peer", "peer_ticket", tickets)
        self._peer_server = None if peer is None else _PeerServer(peer, self._peer.database, plan)
        self._peer_seconds: dict[str, float] = {}

    def run(self) -> Measured:
        self._steps.begin(f"loading {self._tickets:,} tickets")
        self._fill()
        with workers(self._plan.workers) as environment, ExitStack() as stack:
            served = stack.enter_context(served_desk(self._desk.database, **environment))
            url = served.url
            seen = check_desk(url, self._tickets)
            if self._peer_server is not None:
                stack.callback(self._peer_server.stop)
                self._peer_seconds = check_same(url, self._peer_server.url(), self._tickets)
            self._steps.done(f"{self._tickets:,} tickets loaded; the desk finds {seen}")
            figures = figures_ms(self._desk.database)
            searches = self._search(url)
            self._measure(url, stack.enter_context(self._serving_floor()))
            sampled = self._profile(served)
            accounts = self._measure_accounts(url)  # comes last: no desk opens again
        runs = (self._desk.runs, self._floor.runs, self._peer.runs)
        return Measured(self._tickets, *runs, figures, searches, sampled, accounts)

    def _fill(self) -> None:
        fill_postgresql(self._desk.database, self._tickets)
        vacuum(self._desk.database)
        if self._peer_server is not None:
            self._peer_server.peer.load(self._peer.database, self._tickets)
            vacuum(self._peer.database)

    def _search(self, url: str) -> Mapping[str, Latency]:
        if not self._plan.thorough:
            return {}
        self._steps.begin("the latency of searches")
        found = search_latencies(url, self._tickets)
        self._steps.done("    latency of searches: measured")
        return found

    def _profile(self, served: Served) -> Mapping[str, Counter[str]]:
        if not self._plan.thorough:
            return {}
        self._steps.begin("whose code the desk runs")
        try:
            found = profiles(served, self._desk.database, self._tickets)
        except BenchError as error:  # some machines forbid a process to inspect another
            self._steps.done(f"    {error.detail}")
            return {}
        self._steps.done("    whose code the desk runs: measured")
        return found

    @contextmanager
    def _serving_floor(self) -> Iterator[str]:
        statuses = unresolved(self._desk.database, self._desk.table)
        open_id = next(number for number, status in statuses.items() if status == "open")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "statements.json"
            path.write_text(
                record_statements(self._desk.database, self._tickets, open_id), encoding="utf-8"
            )
            with floor(self._desk.database, path, workers=self._plan.workers) as url:
                yield url

    def _measure(self, url: str, floor_url: str) -> None:
        put_under_load(url + WARM_UP, seconds=WARM_UP_SECONDS)
        # Creates come last, because they make the table grow.
        for group in (reading(self._tickets), (STATUS,), (CREATE,)):
            for _ in range(ROUNDS):
                for request in group:
                    self._run_sides(request, url, floor_url)
        for _ in range(ROUNDS):
            self._load(self._floor, floor_url, NOOP)

    def _measure_accounts(self, url: str) -> Accounts:
        # What the open desk has read: each search would pass the thousands that were filed since.
        delete_newer(self._desk.database, self._tickets)
        vacuum(self._desk.database)  # the index of texts still has the new ones in a list
        senders = closed_for(self._desk.database, url)
        session, token = (
            self._desk._replace(name=each.name, sender=each, runs=defaultdict(list))
            for each in senders
        )
        beside = self._peer._replace(runs=defaultdict(list))
        for group in (reading(self._tickets), (STATUS,), (CREATE,)):
            for _ in range(ROUNDS):
                for request in group:
                    for side in (session, token):
                        wait_until_idle(self._server)
                        self._load(side, url, request)
                    if self._peer_server is not None and request in WRITING:
                        wait_until_idle(self._server)
                        self._load(beside, self._peer_server.url(), request)
        return Accounts(session.runs, token.runs, {**self._peer.runs, **beside.runs})

    def _run_sides(self, request: Request, url: str, floor_url: str) -> None:
        """Run each side once; each starts only when the database is idle again."""
        wait_until_idle(self._server)
        self._load(self._desk, url, request)
        wait_until_idle(self._server)
        self._load(self._floor, floor_url, request)
        wait_until_idle(self._server)
        if self._peer_server is not None:
            self._load(self._peer, self._peer_server.url(), request)
            if self._peer_seconds.get(request.name, 0) > SLOW_SECONDS:
                self._peer_server.stop()

    def _load(self, side: _Side, url: str, request: Request) -> None:
        self._steps.begin(f"{self._tickets:,} tickets, {side.name}: {request.name}")
        seconds = self._plan.seconds
        if side.name == self._peer.name:
            wanted = ceil(self._peer_seconds.get(request.name, 0) * ANSWERS_WANTED)
            seconds = max(seconds, min(wanted, LONGEST_SECONDS))
        run = SENDING.get(request, _read)(side, url, request, seconds)
        side.runs[request.name].append(run)
        self._steps.done(f"    {side.name:<7} {request.name:<22} {run.per_second:>8,.1f} a second")


def _read(side: _Side, url: str, request: Request, seconds: int) -> Run:
    return put_under_load(url + request.path, seconds=seconds, headers=side.sender.headers)


def _create(side: _Side, url: str, request: Request, seconds: int) -> Run:
    if side.name != "floor":  # the floor's tickets all have the first one's time
        check_creating(url, side.sender.headers)
    before = count_rows(side.database, side.table)
    headers = side.sender.headers
    run = put_under_load(
        url + request.path, seconds=seconds, script=creating_script(), headers=headers
    )
    stored = count_rows(side.database, side.table) - before
    require(stored >= run.answers, f"{run.answers} tickets were acknowledged, {stored} are stored")
    return run


def _change_status(side: _Side, url: str, request: Request, seconds: int) -> Run:
    before = unresolved(side.database, side.table)
    script, headers = status_script(before), side.sender.headers
    run = put_under_load(url + request.path, seconds=seconds, script=script, headers=headers)
    wait_until_idle(side.database.rpartition("/")[0])
    after = status_of(side.database, side.table, before)
    changed = sum(after[ticket_id] != status for ticket_id, status in before.items())
    expected = changed_after(run.answers, len(before))
    # A request in flight at the end of the load may or may not have been written.
    near = abs(changed - expected) <= CONNECTIONS
    require(near, f"{expected} tickets should have another status, {changed} have")
    return run


SENDING: Mapping[Request, Callable[[_Side, str, Request, int], Run]] = {
    CREATE: _create,
    STATUS: _change_status,
}
"""The function that sends each writing request; any other request is a plain GET."""


class _PeerServer:
    """The peer's server, started when its URL is first needed."""

    def __init__(self, peer: Peer, database: str, plan: Plan) -> None:
        self.peer = peer
        self._database = database
        self._workers = plan.workers
        self._running = ExitStack()
        self._url: str | None = None

    def url(self) -> str:
        """Returns the URL of the peer, which is started and warmed up if necessary."""
        if self._url is None:
            serving = self.peer.serving(self._database, workers=self._workers)
            self._url = self._running.enter_context(serving)
            put_under_load(self._url + WARM_UP, seconds=WARM_UP_SECONDS)
        return self._url

    def stop(self) -> None:
        """Stop the peer, even with requests left to answer."""
        self._running.close()
        self._url = None


def _side(server: str, name: str, table: str, tickets: int) -> _Side:
    database = f"{name}_{tickets}"
    with autocommitting(f"{server}/postgres") as connection:
        connection.execute(text(f'CREATE DATABASE "{database}"'))
    return _Side(name, f"{server}/{database}", table, defaultdict(list))
