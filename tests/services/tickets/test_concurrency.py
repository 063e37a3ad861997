"""Many concurrent writers: all succeed, and no change is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest

from harness.actors import over_rest
from tests.services.desk import all_tickets, changed, events_of, opened, suggestions_of
from ticket_app.errors import TicketPreconditionError
from ticket_app.schemas.tickets import TicketUpdate
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.listing import get_ticket

pytestmark = pytest.mark.usefixtures("database")

WRITERS = 8
ROUNDS = 6


def at_once(work: Callable[[int], object]) -> None:
    """Run this in WRITERS threads that start together; raises what any of them raises."""
    start = Barrier(WRITERS)

    def wait_and_work(writer: int) -> None:
        start.wait(timeout=30)
        work(writer)

    with ThreadPoolExecutor(WRITERS) as threads:
        for done in [threads.submit(wait_and_work, writer) for writer in range(WRITERS)]:
            done.result(timeout=60)


def test_changes_of_one_ticket_follow_each_other() -> None:
    ticket_id = opened(requester_name="nobody").id

    def write(writer: int) -> None:
        for turn in range(ROUNDS):
            changed(ticket_id, requester_name=f"writer {writer} turn {turn}")

    at_once(write)
    ticket, events = get_ticket(over_rest(), ticket_id), events_of(ticket_id)
    assert ticket.version == 1 + WRITERS * ROUNDS
    assert [event.ticket_version for event in events] == list(range(1, ticket.version + 1))
    changes = events[1:]
    assert changes[0].old_value == "nobody"
    assert all(later.old_value == earlier.new_value for earlier, later in pairwise(changes))
    assert changes[-1].new_value == ticket.requester_name
    assert len({event.new_value for event in changes}) == WRITERS * ROUNDS


def test_of_eight_writers_with_one_tag_one_wins_each_version() -> None:
    ticket_id = opened().id
    all_have_read, won, lost = Barrier(WRITERS), list[int](), list[TicketPreconditionError]()

    def write(writer: int) -> None:
        for turn in range(ROUNDS):
            seen = get_ticket(over_rest(), ticket_id)
            update = TicketUpdate(requester_name=f"writer {writer} turn {turn}")
            all_have_read.wait(timeout=30)
            try:
                update_ticket(over_rest(), ticket_id, update, if_match=frozenset({seen.entity_tag}))
                won.append(seen.version)
            except TicketPreconditionError as error:
                lost.append(error)
            all_have_read.wait(timeout=30)

    at_once(write)
    assert won == list(range(1, ROUNDS + 1))
    assert len(lost) == ROUNDS * (WRITERS - 1)
    changes = {str(event.ticket_version): event.new_value for event in events_of(ticket_id)}
    for error in lost:  # each is shown the change of the one who won
        version = str(error.current["version"])
        assert error.current["requester_name"] == changes[version]


def test_different_fields_of_one_ticket_do_not_overwrite_each_other() -> None:
    ticket_id = opened(category="billing", priority="low").id
    wanted: dict[str, Any] = {
        "category": "account", "priority": "high", "status": "in_progress", "title": "New",
        "description": "Newer", "requester_name": "Ana", "requester_email": "ana@example.com",
    }  # fmt: skip
    changes = list(wanted.items())

    def write(writer: int) -> None:
        for field, value in changes[writer : writer + 1]:
            changed(ticket_id, **{field: value})

    at_once(write)
    ticket = get_ticket(over_rest(), ticket_id)
    assert {field: getattr(ticket, field) for field in wanted} == wanted
    assert ticket.version == 1 + len(wanted)


def test_everyone_can_file_at_once() -> None:
    at_once(lambda writer: [opened(title=f"{writer}.{turn}") for turn in range(ROUNDS)])
    tickets = all_tickets()
    assert {t.title for t in tickets} == {f"{w}.{t}" for w in range(WRITERS) for t in range(ROUNDS)}
    assert len(tickets) == WRITERS * ROUNDS
    for ticket in tickets:
        assert [event.kind for event in events_of(ticket.id)] == ["created"]
        assert len(suggestions_of(ticket.id)) == 5
