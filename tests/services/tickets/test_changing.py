"""A change uses an optimistic lock, and loses nothing when another change comes first."""

from datetime import timedelta

import pytest

from harness.accounts import acting, administrator
from harness.actors import in_browser, over_rest
from tests.services.desk import changed, events_of, opened, rest_at
from ticket_app.data.direct import DriverConnection
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.changing import current_ticket
from ticket_app.errors import TicketChangedError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.tickets import changing, recording
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import Role, Status


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
            in_browser(), seen.id, TicketUpdate(status=Status.CLOSED), seen_version=seen.version
        )
    assert refused.value.theirs is None


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
