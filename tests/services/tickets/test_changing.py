"""A change uses an optimistic lock, and loses nothing when another change comes first."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from harness.accounts import acting, administrator
from harness.actors import in_browser, over_rest
from tests.services.desk import changed, events_of, opened, rest_at
from ticket_app import actor as actors
from ticket_app.actor import NOBODY, Actor, by_command
from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import get_engine
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.changing import current_ticket, current_tickets
from ticket_app.errors import SignInRequiredError, TicketChangedError, TicketNotFoundError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.recounting import recount
from ticket_app.services.tickets import changing, recording
from ticket_app.services.tickets.changing import (
    Outcome,
    Request,
    update_all_at_once,
    update_ticket,
)
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import Category, Priority, Role, Status


def change_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make another change once, between a change's read and its write."""
    others = iter(["in_progress"])

    def read_and_be_late(
        connection: DriverConnection, ticket_id: int, scope: Scope
    ) -> TicketPublic | None:
        found = current_ticket(connection, ticket_id, scope)
        for status in others:
            changed(ticket_id, status=status)
        return found

    monkeypatch.setattr(changing, "current_ticket", read_and_be_late)


@pytest.mark.usefixtures("postgres_database")  # SQLite locks others out from the start
def test_what_came_between_is_built_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = opened()
    change_in_between(monkeypatch)
    after = changed(ticket.id, status="resolved", priority="critical")
    assert (after.version, after.status, after.priority) == (3, "resolved", "critical")
    assert after == get_ticket(over_rest(), ticket.id)
    recorded = {
        (event.ticket_version, event.field, event.old_value) for event in events_of(ticket.id)
    }
    assert recorded == {
        (1, None, None),
        (2, "status", "open"),
        (3, "status", "in_progress"),
        (3, "priority", ticket.priority),
    }


@pytest.mark.parametrize(
    "fields", [{"status": "closed"}, {"title": "Another title"}, {"assignee_id": None}]
)
def test_what_others_changed_since_it_was_seen_is_not_overwritten(
    database: str, fields: dict[str, str]
) -> None:
    assert database
    ana = administrator()
    seen = opened(status="open", title="A title")
    agent = acting(ana, Role.ADMINISTRATOR)
    theirs = changed(seen.id, agent, status="in_progress", title="Their title", assignee_id=ana)
    update = TicketUpdate.model_validate(fields)
    with pytest.raises(TicketChangedError, match="was changed by someone else") as refused:
        update_ticket(in_browser(), seen.id, update, seen_version=seen.version)
    assert get_ticket(over_rest(), seen.id) == theirs
    (field,) = fields
    found = refused.value.theirs
    assert found is not None
    assert (found.field, found.value) == (field, str(getattr(theirs, field)))
    assert (found.by, found.at, found.version) == ("ada", theirs.updated_at, theirs.version)
    done = update_ticket(in_browser(), seen.id, update, seen_version=found.version)
    assert done.version == theirs.version + 1
    again = update_ticket(in_browser(), seen.id, update, seen_version=seen.version)
    assert again == done  # another change to the same value loses nothing


@pytest.mark.parametrize("fields", [{"status": "closed"}, {"description": "Another text."}])
def test_changes_of_other_fields_and_messages_are_in_nobodys_way(
    database: str, fields: dict[str, str]
) -> None:
    assert database
    seen = opened(status="open")
    changed(seen.id, priority="critical", title="Another title")
    for status in ("in_progress", "open"):  # it is as it was
        changed(seen.id, status=status)
    post_message(over_rest(), seen.id, MessageCreate(body="Hello."))
    update = TicketUpdate.model_validate(fields)
    done = update_ticket(in_browser(), seen.id, update, seen_version=seen.version)
    assert (done.priority, done.title, done.version) == ("critical", "Another title", 6)


def test_so_many_changes_that_nobody_knows_refuse_any(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database
    monkeypatch.setattr(recording, "LOOKED_AT", 2)
    seen = opened(status="open", priority="low")
    for priority in ("high", "medium"):
        changed(seen.id, priority=priority)
    with pytest.raises(TicketChangedError) as refused:
        update_ticket(
            in_browser(), seen.id, TicketUpdate(priority=Priority.LOW), seen_version=seen.version
        )
    assert refused.value.theirs is None
    update = TicketUpdate(status=Status.CLOSED)  # of the status there was no change
    done = update_ticket(in_browser(), seen.id, update, seen_version=seen.version)
    assert done.status == Status.CLOSED


@pytest.mark.usefixtures("postgres_database")
def test_what_comes_between_the_look_and_the_change_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = opened(status="open")
    change_in_between(monkeypatch)
    with pytest.raises(TicketChangedError):
        update_ticket(
            in_browser(), ticket.id, TicketUpdate(status=Status.CLOSED), seen_version=ticket.version
        )
    assert get_ticket(over_rest(), ticket.id).status == "in_progress"


@pytest.mark.usefixtures("database")
def test_times_go_the_way_of_the_versions_though_a_clock_is_set_back() -> None:
    ticket = opened(status="open")
    filed, before = ticket.created_at, ticket.created_at - timedelta(hours=3)
    for fields in ({"status": "in_progress"}, {"title": "Another title"}, {"status": "closed"}):
        update = TicketUpdate.model_validate(fields)
        assert update_ticket(rest_at(before), ticket.id, update).updated_at == filed
    assert get_ticket(over_rest(), ticket.id).resolved_at == filed
    assert {event.created_at for event in events_of(ticket.id)} == {filed}


def at_once(*changes: tuple[Actor, int, TicketUpdate]) -> list[Outcome]:
    return update_all_at_once([Request(*each) for each in changes])


@pytest.mark.usefixtures("database")
def test_a_batch_changes_each_ticket_as_a_change_alone_does() -> None:
    later = rest_at(datetime.now(UTC) + timedelta(hours=1))
    given = {"requester_name": "Bea", "status": "open", "priority": "low"}
    proposed = opened(**given).category
    updates = [
        TicketUpdate(status=Status.RESOLVED, priority=Priority.CRITICAL),
        TicketUpdate(category=Category.BILLING, requester_name="Ana"),
        TicketUpdate(requester_name=None),
        TicketUpdate(category=proposed),
    ]
    alone, together = ([opened(**given).id for _ in updates] for _ in range(2))
    wanted = [update_ticket(later, *each) for each in zip(alone, updates, strict=True)]
    outcomes = at_once(*((later, *each) for each in zip(together, updates, strict=True)))
    assert outcomes == [get_ticket(over_rest(), number) for number in together]
    of_filing = {"id", "created_at", "updated_at", "waiting_since"}
    for ticket, outcome in zip(wanted, outcomes, strict=True):
        assert isinstance(outcome, TicketPublic)
        assert outcome.model_dump(exclude=of_filing) == ticket.model_dump(exclude=of_filing)
        assert (outcome.waiting_since is None) == (ticket.waiting_since is None)
        assert (outcome.updated_at == later.at) == (ticket.updated_at == later.at)
        assert [
            (event.ticket_version, event.field, event.old_value, event.new_value)
            for event in events_of(outcome.id)
        ] == [
            (event.ticket_version, event.field, event.old_value, event.new_value)
            for event in events_of(ticket.id)
        ]
    assert recount(by_command()).differences == []


@pytest.mark.usefixtures("database")
def test_in_a_batch_each_change_has_its_own_outcome() -> None:
    first, second = opened(status="open"), opened(status="open")
    closing = TicketUpdate(status=Status.CLOSED)
    outcomes = at_once(
        (over_rest(), first.id, closing),
        (over_rest(), 10**9, closing),
        (actors.over_rest(NOBODY), second.id, closing),
        (over_rest(), first.id, TicketUpdate(status=Status.RESOLVED)),
        (over_rest(), second.id, TicketUpdate(status=Status.OPEN)),
    )
    assert outcomes[0] == get_ticket(over_rest(), first.id)
    assert isinstance(outcomes[1], TicketNotFoundError)
    assert isinstance(outcomes[2], SignInRequiredError)
    assert outcomes[3] is None  # the ticket has changed since it was read
    assert outcomes[4] == second
    assert [event.new_value for event in events_of(first.id)][1:] == ["closed"]


@pytest.mark.usefixtures("postgres_database")  # SQLite has one writer
def test_a_batch_waits_for_no_lock_and_overwrites_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held, late, free = (opened(status="open").id for _ in range(3))

    def read_and_be_late(
        connection: DriverConnection, ids: Collection[int]
    ) -> dict[int, TicketPublic]:
        found = current_tickets(connection, ids)
        changed(late, status="in_progress")
        return found

    monkeypatch.setattr(changing, "current_tickets", read_and_be_late)
    closing = TicketUpdate(status=Status.CLOSED)
    with get_engine().begin() as other:
        other.execute(text("SELECT FROM ticket WHERE id = :id FOR NO KEY UPDATE"), {"id": held})
        outcomes = at_once(*((over_rest(), each, closing) for each in (held, late, free)))
    assert outcomes == [None, None, get_ticket(over_rest(), free)]
    assert [get_ticket(over_rest(), each).status for each in (held, late, free)] == [
        "open",
        "in_progress",
        "closed",
    ]
