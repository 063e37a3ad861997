"""A change uses an optimistic lock, and loses nothing when another change comes first."""

from datetime import timedelta

import pytest

from harness.actors import in_browser, over_rest
from tests.services.desk import changed, events_of, opened, rest_at
from ticket_app.data.direct import DriverConnection
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.changing import current_ticket
from ticket_app.errors import TicketChangedError
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.tickets import changing
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import Status


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


@pytest.mark.parametrize("fields", [{"status": "closed"}, {"title": "Another title"}])
def test_what_others_changed_since_it_was_seen_is_not_overwritten(
    database: str, fields: dict[str, str]
) -> None:
    assert database
    seen = opened(status="open")
    theirs = changed(seen.id, priority="critical", status="in_progress")
    update = TicketUpdate.model_validate(fields)
    with pytest.raises(TicketChangedError, match=rf"Ticket {seen.id} was changed by someone else"):
        update_ticket(in_browser(), seen.id, update, seen_version=seen.version)
    assert get_ticket(over_rest(), seen.id) == theirs
    done = update_ticket(in_browser(), seen.id, update, seen_version=theirs.version)
    assert done.version == theirs.version + 1
    again = update_ticket(in_browser(), seen.id, update, seen_version=seen.version)
    assert again == done  # another change to the same value loses nothing


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
