"""A change takes its chances that nobody comes between, and loses nothing when somebody does."""

from datetime import timedelta

import pytest

from tests.services.desk import changed, events_of, opened
from ticket_app.data.direct import Direct
from ticket_app.data.tickets.changing import current_ticket
from ticket_app.errors import TicketChangedError
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.tickets import changing
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import Edge, Status


def somebody_comes_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, another change is made between a change's look at the ticket and its write."""
    others = iter(["in_progress"])

    def read_and_be_late(ask: Direct, ticket_id: int) -> TicketPublic | None:
        found = current_ticket(ask, ticket_id)
        for status in others:
            changed(ticket_id, status=status)
        return found

    monkeypatch.setattr(changing, "current_ticket", read_and_be_late)


@pytest.mark.usefixtures("postgres_database")  # SQLite holds others off from the start
def test_what_came_between_is_built_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = opened()
    somebody_comes_between(monkeypatch)
    after = changed(ticket.id, status="resolved", priority="critical")
    assert (after.version, after.status, after.priority) == (3, "resolved", "critical")
    assert after == get_ticket(ticket.id)
    told = {(event.ticket_version, event.field, event.old_value) for event in events_of(ticket.id)}
    assert told == {
        (1, None, None),
        (2, "status", "open"),
        (3, "status", "in_progress"),
        (3, "priority", ticket.priority),
    }


@pytest.mark.parametrize("fields", [{"status": "closed"}, {"title": "Another title"}])
def test_what_others_changed_since_it_was_seen_is_not_overwritten(
    database: str, fields: dict[str, str]
) -> None:
    assert database
    seen = opened(status="open")
    theirs = changed(seen.id, priority="critical", status="in_progress")
    update = TicketUpdate.model_validate(fields)
    with pytest.raises(TicketChangedError, match=rf"Ticket {seen.id} was changed by someone else"):
        update_ticket(seen.id, update, Edge.BROWSER, seen_version=seen.version)
    assert get_ticket(seen.id) == theirs
    done = update_ticket(seen.id, update, Edge.BROWSER, seen_version=theirs.version)
    assert done.version == theirs.version + 1
    again = update_ticket(seen.id, update, Edge.BROWSER, seen_version=seen.version)
    assert again == done  # somebody else has done the same: nothing is lost


@pytest.mark.usefixtures("postgres_database")
def test_what_comes_between_the_look_and_the_change_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = opened(status="open")
    somebody_comes_between(monkeypatch)
    with pytest.raises(TicketChangedError):
        update_ticket(
            ticket.id, TicketUpdate(status=Status.CLOSED), Edge.BROWSER, seen_version=ticket.version
        )
    assert get_ticket(ticket.id).status == "in_progress"


@pytest.mark.usefixtures("database")
def test_times_go_the_way_of_the_versions_though_a_clock_is_set_back() -> None:
    ticket = opened(status="open")
    filed, before = ticket.created_at, ticket.created_at - timedelta(hours=3)
    for fields in ({"status": "in_progress"}, {"title": "Another title"}, {"status": "closed"}):
        update = TicketUpdate.model_validate(fields)
        assert update_ticket(ticket.id, update, Edge.REST, at=before).updated_at == filed
    assert get_ticket(ticket.id).resolved_at == filed
    assert {event.created_at for event in events_of(ticket.id)} == {filed}
