"""One size: the desk, the floor under it and the peer, each under the same load in turn."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import ceil
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from bench.growth import figures_ms
from bench.latency import Latency, search_latencies
from bench.load import CONNECTIONS, BenchError, Run, put_under_load
from bench.profile import profiles
from bench.requests import (
    CREATE,
    STATUS,
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
from bench.rows import (
    administering,
    count_rows,
    fill_postgresql,
    settle,
    status_of,
    unsettled,
    wait_until_idle,
)
from bench.servers import Peer, Served, floor, served_desk, workers
from bench.statements import recorded
from bench.watch import Watch

ROUNDS = 3
NOOP = Request("nothing", "/noop", 0)
WARM_UP = "/api/tickets/1/"
WARM_UP_SECONDS = 1
SLOW_SECONDS = 0.2
"""A peer that takes longer for one answer is started anew: the requests that wrk leaves behind
would keep it busy for long."""
ANSWERS_WANTED = 16
LONGEST_SECONDS = 15
"""A run is as long as ANSWERS_WANTED take, and no longer than this."""

Runs = Mapping[str, list[Run]]
"""The runs for each request's name, in the order of the rounds."""


class Plan(NamedTuple):
    """How one size is measured: the seconds of a usual run, and each side's worker processes.

    Where it is `thorough`, searches are timed one by one, and a profiler looks on.
    """

    seconds: int
    workers: int
    thorough: bool


class Measured(NamedTuple):
    """What came of one size. `peer` is empty without a peer; `figures` are milliseconds."""

    tickets: int
    desk: Runs
    floor: Runs
    peer: Runs
    figures: Mapping[str, float]
    searches: Mapping[str, Latency]
    profiles: Mapping[str, Counter[str]]


class _Side(NamedTuple):
    """Who is measured, where it writes, and what came of it so far."""

    name: str
    database: str
    table: str
    runs: dict[str, list[Run]]


def steps(plan: Plan, *, peer: bool) -> int:
    """How many steps of a watch a size takes."""
    count = len(requests(1))
    return 1 + 2 * plan.thorough + ROUNDS * (2 * count + 1 + count * peer)


def measure(server: str, tickets: int, peer: Peer | None, plan: Plan, watch: Watch) -> Measured:
    """Fill the databases, see that all sides answer the same, and measure them in turns."""
    return _Comparison(server, tickets, peer, plan, watch).run()


class _Comparison:
    def __init__(
        self, server: str, tickets: int, peer: Peer | None, plan: Plan, watch: Watch
    ) -> None:
        self._server = server
        self._tickets = tickets
        self._plan = plan
        self._watch = watch
        self._desk = _side(server, "desk", "ticket", tickets)
        self._floor = self._desk._replace(name="floor", runs=defaultdict(list))
        self._peer = _side(server, "peer", "peer_ticket", tickets)
        self._peer_server = None if peer is None else _PeerServer(peer, self._peer.database, plan)
        self._alone: dict[str, float] = {}

    def run(self) -> Measured:
        self._watch.begin(f"loading {self._tickets:,} tickets")
        self._fill()
        with workers(self._plan.workers) as environment, ExitStack() as stack:
            served = stack.enter_context(served_desk(self._desk.database, **environment))
            url = served.url
            seen = check_desk(url, self._tickets)
            if self._peer_server is not None:
                stack.callback(self._peer_server.stop)
                self._alone = check_same(url, self._peer_server.url(), self._tickets)
            self._watch.done(f"{self._tickets:,} tickets loaded; the desk finds {seen}")
            figures = figures_ms(self._desk.database)
            searches = self._search(url)
            self._measure(url, stack.enter_context(self._serving_floor()))
            sampled = self._profile(served)
        runs = (self._desk.runs, self._floor.runs, self._peer.runs)
        return Measured(self._tickets, *runs, figures, searches, sampled)

    def _fill(self) -> None:
        fill_postgresql(self._desk.database, self._tickets)
        settle(self._desk.database)
        if self._peer_server is not None:
            self._peer_server.peer.load(self._peer.database, self._tickets)
            settle(self._peer.database)

    def _search(self, url: str) -> Mapping[str, Latency]:
        if not self._plan.thorough:
            return {}
        self._watch.begin("the latency of searches")
        found = search_latencies(url, self._tickets)
        self._watch.done("    latency of searches: measured")
        return found

    def _profile(self, served: Served) -> Mapping[str, Counter[str]]:
        if not self._plan.thorough:
            return {}
        self._watch.begin("whose code the desk runs")
        try:
            found = profiles(served, self._desk.database, self._tickets)
        except BenchError as error:  # not every machine lets one process look into another
            self._watch.done(f"    {error.detail}")
            return {}
        self._watch.done("    whose code the desk runs: measured")
        return found

    @contextmanager
    def _serving_floor(self) -> Iterator[str]:
        statuses = unsettled(self._desk.database, self._desk.table)
        open_id = next(number for number, status in statuses.items() if status == "open")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "statements.json"
            path.write_text(recorded(self._desk.database, self._tickets, open_id), encoding="utf-8")
            with floor(self._desk.database, path, workers=self._plan.workers) as url:
                yield url

    def _measure(self, url: str, floor_url: str) -> None:
        put_under_load(url + WARM_UP, seconds=WARM_UP_SECONDS)
        # Filing comes last: it makes the table grow.
        for together in (reading(self._tickets), (STATUS,), (CREATE,)):
            for _ in range(ROUNDS):
                for request in together:
                    self._turn(request, url, floor_url)
        for _ in range(ROUNDS):
            self._load(self._floor, floor_url, NOOP)

    def _turn(self, request: Request, url: str, floor_url: str) -> None:
        """One run of each side, none of which has to wait for what another has left."""
        wait_until_idle(self._server)
        self._load(self._desk, url, request)
        wait_until_idle(self._server)
        self._load(self._floor, floor_url, request)
        wait_until_idle(self._server)
        if self._peer_server is not None:
            self._load(self._peer, self._peer_server.url(), request)
            if self._alone.get(request.name, 0) > SLOW_SECONDS:
                self._peer_server.stop()

    def _load(self, side: _Side, url: str, request: Request) -> None:
        self._watch.begin(f"{self._tickets:,} tickets, {side.name}: {request.name}")
        seconds = self._plan.seconds
        if side is self._peer:
            wanted = ceil(self._alone.get(request.name, 0) * ANSWERS_WANTED)
            seconds = max(seconds, min(wanted, LONGEST_SECONDS))
        run = SENDING.get(request, _read)(side, url, request, seconds)
        side.runs[request.name].append(run)
        self._watch.done(f"    {side.name:<6} {request.name:<22} {run.per_second:>8,.1f} a second")


def _read(_: _Side, url: str, request: Request, seconds: int) -> Run:
    return put_under_load(url + request.path, seconds=seconds)


def _create(side: _Side, url: str, request: Request, seconds: int) -> Run:
    if side.name != "floor":  # whose tickets are all as old as the first
        check_creating(url)
    before = count_rows(side.database, side.table)
    run = put_under_load(url + request.path, seconds=seconds, script=creating_script())
    stored = count_rows(side.database, side.table) - before
    require(stored >= run.answers, f"{run.answers} tickets were acknowledged, {stored} are stored")
    return run


def _change_status(side: _Side, url: str, request: Request, seconds: int) -> Run:
    before = unsettled(side.database, side.table)
    run = put_under_load(url + request.path, seconds=seconds, script=status_script(before))
    wait_until_idle(side.database.rpartition("/")[0])
    after = status_of(side.database, side.table, before)
    changed = sum(after[ticket_id] != status for ticket_id, status in before.items())
    expected = changed_after(run.answers, len(before))
    # What was under way when the load ended may have been written or not.
    near = abs(changed - expected) <= CONNECTIONS
    require(near, f"{expected} tickets should have another status, {changed} have")
    return run


SENDING: Mapping[Request, Callable[[_Side, str, Request, int], Run]] = {
    CREATE: _create,
    STATUS: _change_status,
}
"""How a request is sent that changes something; any other is read."""


class _PeerServer:
    """The peer's server, started when it is needed."""

    def __init__(self, peer: Peer, database: str, plan: Plan) -> None:
        self.peer = peer
        self._database = database
        self._workers = plan.workers
        self._running = ExitStack()
        self._url: str | None = None

    def url(self) -> str:
        """Its address; it is warm."""
        if self._url is None:
            serving = self.peer.serving(self._database, workers=self._workers)
            self._url = self._running.enter_context(serving)
            put_under_load(self._url + WARM_UP, seconds=WARM_UP_SECONDS)
        return self._url

    def stop(self) -> None:
        """Stop it with whatever it has left to do."""
        self._running.close()
        self._url = None


def _side(server: str, name: str, table: str, tickets: int) -> _Side:
    database = f"{name}_{tickets}"
    with administering(f"{server}/postgres") as connection:
        connection.execute(text(f'CREATE DATABASE "{database}"'))
    return _Side(name, f"{server}/{database}", table, defaultdict(list))
