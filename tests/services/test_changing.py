"""A change takes its chances that nobody comes between, and loses nothing when somebody does."""

import pytest

from tests.services.desk import changed, events_of, opened
from ticket_app.data.changing import current_ticket
from ticket_app.data.direct import Direct
from ticket_app.schemas import TicketPublic
from ticket_app.services import changing
from ticket_app.services.tickets import get_ticket


@pytest.mark.usefixtures("postgres_database")  # SQLite holds others off from the start
def test_what_came_between_is_built_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = opened()
    others = iter(["in_progress"])

    def read_and_be_late(ask: Direct, ticket_id: int) -> TicketPublic | None:
        found = current_ticket(ask, ticket_id)
        for status in others:
            changed(ticket_id, status=status)
        return found

    monkeypatch.setattr(changing, "current_ticket", read_and_be_late)
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
