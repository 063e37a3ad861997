"""A follower sees each event of the record: at least once, after its commit, in order for a ticket.

The process that follows may be killed, and others write all the time.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import Connection, text

from tests.services.desk import changed, events_of, opened
from ticket_app.actor import Actor, by_command
from ticket_app.cli.main import main
from ticket_app.data.engine import get_engine
from ticket_app.data.followers.record import Concerns, Event
from ticket_app.services.erasing.purging import purge_tickets
from ticket_app.services.followers import following as services
from ticket_app.services.followers.following import LEASE, Following, follow, leave
from ticket_app.services.followers.lag import Lag, followers
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.settings import ROOT
from ticket_app.vocabulary import EventKind

pytestmark = pytest.mark.usefixtures("database")
on_one = pytest.mark.rest_in_prove("database")

INSERTED = text(
    "INSERT INTO ticket_event (ticket_id, ticket_version, kind, edge) "
    "VALUES (:ticket, 2, 'replied', 'rest') RETURNING id"
)
FOLLOWING = """
import os, sys
from datetime import timedelta
from ticket_app.actor import by_command
from ticket_app.services.followers import following
following.LEASE, following.AT_ONCE = timedelta(seconds=1), 20
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
def handle(actor, event):
    os.write(log, f"{event.id} {event.ticket_id} {os.getpid()}\\n".encode())
mine = following.Following("watcher", handle)
print(flush=True)
while True:
    following.follow(by_command(), mine)
"""
WRITERS, EACH = 8, 25
SECONDS = 60


class Watcher:
    """A follower that keeps what it sees, and fails at the events of some tickets."""

    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.failing: set[int] = set()
        self.following = Following("watcher", self.handle)

    def handle(self, _: Actor, event: Event) -> None:
        if event.ticket_id in self.failing:
            raise ValueError("Eve's text")
        self.seen.append(event)

    def catch_up(self, later: timedelta = timedelta(0)) -> list[int]:
        """Follows, so much later, to the end; returns the ids of all events that were seen."""
        actor = by_command()
        while follow(replace(actor, at=actor.at + later), self.following):
            pass
        return [event.id for event in self.seen]


@pytest.fixture
def watcher(database: str) -> Watcher:
    assert database
    begun = Watcher()
    begun.catch_up()
    return begun


def ids_of(ticket_id: int) -> list[int]:
    return [event.id or 0 for event in events_of(ticket_id)]


def lag() -> Lag:
    ((found),) = followers(by_command())
    return found


def test_a_new_follower_begins_at_the_end_and_goes_on_where_it_was(watcher: Watcher) -> None:
    ticket = opened().id
    changed(ticket, title="Another")
    assert watcher.catch_up() == ids_of(ticket)
    leave(by_command(), watcher.following)
    before = ids_of(ticket)
    changed(ticket, title="A third")
    restarted = Watcher()
    assert restarted.catch_up() == ids_of(ticket)[len(before) :]
    assert Watcher().catch_up() == []


@on_one
def test_events_that_do_not_concern_a_follower_are_passed(watcher: Watcher) -> None:
    watcher.following.concerns = Concerns(frozenset({EventKind.REPLIED}), frozenset({"title"}))
    ticket = opened().id
    changed(ticket, title="Another", status="closed")
    opened()
    assert watcher.catch_up() == [event.id for event in events_of(ticket) if event.field == "title"]
    assert lag().events == 0


@on_one
def test_another_process_takes_over_after_the_lease(watcher: Watcher) -> None:
    ticket = opened().id
    assert watcher.catch_up() == ids_of(ticket)
    changed(ticket, title="Another")
    second = Watcher()
    assert second.catch_up() == []
    assert lag().holder == watcher.following.holder and lag().events == 1
    assert second.catch_up(LEASE * 2) == ids_of(ticket)[1:]
    assert watcher.catch_up() == ids_of(ticket)[:1]


@on_one
def test_whoever_has_lost_the_lease_writes_nothing(watcher: Watcher) -> None:
    """The events are shown again, by the other process."""
    ticket, second = opened().id, Watcher()

    def handle(_: Actor, __: Event) -> None:
        assert second.catch_up(LEASE * 2) == ids_of(ticket)
        changed(ticket, title="Another")

    watcher.following.handle = handle
    assert not follow(by_command(), watcher.following)
    assert second.catch_up(LEASE * 2) == ids_of(ticket)
    assert lag().position == ids_of(ticket)[-1]


@contextmanager
def writing(ticket_id: int) -> Iterator[tuple[Connection, int]]:
    """Writes an event, which is committed at the end of the block unless rolled back in it."""
    with get_engine().connect() as connection:
        yield connection, connection.execute(INSERTED, {"ticket": ticket_id}).scalar_one()
        connection.commit()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_event_that_is_committed_late_is_seen_before_later_ones(watcher: Watcher) -> None:
    """A bare "last id that was seen" loses it."""
    early, late = opened().id, opened().id
    before = watcher.catch_up()
    with writing(early) as (_, first):
        changed(late, title="Another")
        assert follow(by_command(), watcher.following)
        assert [event.id for event in watcher.seen] == before
    assert watcher.catch_up() == [*before, first, *ids_of(late)[1:]]
    with writing(early) as (other, _):
        other.rollback()
        changed(late, title="A third")
    assert watcher.catch_up()[-1] == ids_of(late)[-1]


def test_a_failing_event_holds_up_its_ticket_alone(
    watcher: Watcher, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = opened().id, opened().id
    watcher.failing = {bad}
    changed(bad, title="Another")
    changed(good, title="Another")
    assert watcher.catch_up() == ids_of(good)
    changed(bad, title="A third")
    watcher.catch_up(timedelta(seconds=20))
    assert (lag().waiting, lag().given_up, lag().events) == (len(ids_of(bad)), 0, 0)
    watcher.failing = set()
    watcher.catch_up(timedelta(hours=1))
    assert [each.id for each in watcher.seen if each.ticket_id == bad] == ids_of(bad)
    assert main(["followers"]) == 0
    assert f"watcher: at event {ids_of(bad)[-1]}, 0 behind" in capsys.readouterr().out


@on_one
def test_an_event_is_given_up_in_the_end_and_the_ticket_goes_on(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(services, "ATTEMPTS_MAX", 2)
    ticket = opened().id
    changed(ticket, title="Another")
    watcher.failing = {ticket}
    watcher.catch_up()
    watcher.following.handle = lambda actor, event: (
        watcher.seen.append(event)
        if event.id != ids_of(ticket)[0]
        else watcher.handle(actor, event)
    )
    assert watcher.catch_up(timedelta(minutes=1)) == ids_of(ticket)[1:]
    assert (lag().waiting, lag().given_up) == (0, 1)
    assert main(["followers"]) == 1
    said = capsys.readouterr().out
    assert f"given up: 1, from event {ids_of(ticket)[0]} on" in said and "Eve" not in said
    delete_ticket(by_command(), ticket)
    later = by_command()
    assert sum(purge_tickets(replace(later, at=later.at + timedelta(days=31)), 30)) == 1
    assert lag().given_up == 0


def test_nothing_is_lost_while_eight_write_and_a_follower_is_killed(
    watcher: Watcher, database: str, tmp_path: Path
) -> None:
    tickets = [opened().id for _ in range(WRITERS // 2)]
    begun = watcher.catch_up()[-1]
    leave(by_command(), watcher.following)
    seen = tmp_path / "seen"
    seen.touch()
    command = [sys.executable, "-c", FOLLOWING, str(seen)]
    environment = os.environ | {"DATABASE_URL": database}
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        for process in started:
            assert process.stdout and process.stdout.readline()
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(write, tickets[n % len(tickets)]) for n in range(WRITERS)]
            wait_until(lambda: len(shown(seen)) > 20)
            killed = shown(seen)[-1][2]
            next(each for each in started if each.pid == killed).kill()
            for each in writing:
                each.result()
        written = {event for ticket in tickets for event in ids_of(ticket) if event > begun}
        assert len(written) >= WRITERS * EACH
        wait_until(lambda: {event for event, _, _ in shown(seen)} >= written)
    finally:
        for process in started:
            with process:
                process.kill()
    assert len({process for _, _, process in shown(seen)}) == 2
    of_ticket: dict[int, dict[int, None]] = defaultdict(dict)
    for event, ticket, _ in shown(seen):
        of_ticket[ticket].setdefault(event)
    assert all(list(each) == sorted(each) for each in of_ticket.values())


def write(ticket: int) -> None:
    """Writes EACH events with the ticket locked, as services do; commits come out of order."""
    is_sqlite = get_engine().dialect.name == "sqlite"
    for _ in range(EACH):
        if is_sqlite:
            changed(ticket, by_command(), title=os.urandom(8).hex())
            continue
        with get_engine().begin() as connection:
            lock = text("SELECT 1 FROM ticket WHERE id = :ticket FOR UPDATE")
            connection.execute(lock, {"ticket": ticket})
            connection.execute(INSERTED, {"ticket": ticket})
            connection.execute(text("SELECT pg_sleep(random() * 0.1)"))


def shown(seen: Path) -> list[tuple[int, int, int]]:
    """Returns event, ticket and process of what was seen, in that order."""
    lines = seen.read_text(encoding="utf-8").splitlines()
    return [(int(a), int(b), int(c)) for a, b, c in (line.split() for line in lines)]


def wait_until(done: Callable[[], bool]) -> None:
    """Return once it is so; fails after SECONDS."""
    deadline = monotonic() + SECONDS
    while not done():
        assert monotonic() < deadline
