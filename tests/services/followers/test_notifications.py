"""One's own notifications: read with their ticket or all at once, and removed when they are old."""

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from harness.accounts import account, acting, administrator
from tests.services.desk import changed, opened
from tests.services.erasing.test_erasing import erase
from ticket_app.actor import Actor, by_command
from ticket_app.bus import Notified, bus
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.data.followers.tables import Notification
from ticket_app.schemas.notifications import NotificationListQuery
from ticket_app.services.followers import notifications
from ticket_app.services.followers.following import Following, follow
from ticket_app.services.followers.notifying import CONCERNS, NAME, notify
from ticket_app.services.people.accounts import rights
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.rest_in_prove("database")


class Told(NamedTuple):
    """Bea, to whom the tickets were assigned one by one, and Cay, to whom each was before."""

    bea: Actor
    cay: Actor
    tickets: list[int]


@pytest.fixture
def told(database: str) -> Told:
    assert database
    administrator()
    bea, cay = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay"))
    following = Following(NAME, notify, CONCERNS)
    follow(by_command(), following)
    tickets = [opened().id for _ in range(4)]
    for ticket in tickets:
        changed(ticket, by_command(), assignee_id=cay)
        changed(ticket, by_command(), assignee_id=bea)
    while follow(by_command(), following):
        pass
    return Told(acting(bea, Role.AGENT), acting(cay, Role.AGENT), tickets)


def unread(actor: Actor) -> list[int]:
    """Returns the tickets of the actor's unread notifications, the oldest first."""
    query = NotificationListQuery(unread=True)
    found = [each.ticket_id for each in notifications.list_notifications(actor, query)]
    assert notifications.count_unread(actor).unread == len(found)
    return found[::-1]


def events(actor: Actor) -> list[int]:
    """Returns the events of all of the actor's notifications, the oldest first."""
    found = notifications.list_notifications(actor, NotificationListQuery())
    return [each.event_id for each in found][::-1]


def test_opening_a_ticket_reads_what_one_was_told_about_it(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Notified] = []
    monkeypatch.setattr(bus, "publish_notified", heard.append)
    first, second, *rest = told.tickets
    for _ in range(2):
        notifications.mark_ticket_read(told.bea, second)
    notifications.mark_ticket_read(told.bea, 10**9)
    assert heard == [Notified(told.bea.identity.person_id)]
    assert unread(told.bea) == [first, *rest]
    assert unread(told.cay) == told.tickets


def test_all_are_read_up_to_what_was_shown(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "READ_AT_ONCE", 2)
    delete_ticket(told.bea, told.tickets[0])
    assert unread(told.bea) == told.tickets[1:]
    notifications.mark_all_read(told.bea, events(told.bea)[-2])
    assert unread(told.bea) == told.tickets[3:]
    restore_ticket(told.bea, told.tickets[0])
    assert unread(told.bea) == told.tickets[3:]
    assert unread(told.cay) == told.tickets


def test_old_ones_go_step_by_step(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "REMOVED_AT_ONCE", 3)
    first, second, third, fourth = events(told.bea)
    now = by_command().at
    age(first, created=now - timedelta(days=91))
    age(second, created=now - timedelta(days=89), read=now - timedelta(days=31))
    age(third, created=now - timedelta(days=89), read=now - timedelta(days=29))
    earlier, *others, _ = events(told.cay)
    age(earlier, created=now - timedelta(days=91))
    for each in others:
        age(each, created=now - timedelta(days=89))
    after, rounds = 0, 0
    while (after := notifications.remove_old(by_command(), after)) and rounds < 10:
        rounds += 1
    assert events(told.bea) == [third, fourth]
    assert len(events(told.cay)) == 3
    with get_engine().connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM notification")) == 5


def age(event: int, *, created: datetime, read: datetime | None = None) -> None:
    """Gives the notification of an event these times."""
    one = update(Notification).where(col(Notification.event_id) == event)
    with write_transaction() as session:
        session.execute(one.values(created_at=created, read_at=read))


def test_those_of_an_erased_person_go_with_them(told: Told) -> None:
    bea = told.bea.identity.person_id
    assert bea
    rights.change_role(by_command(), bea, Role.REQUESTER)
    rights.set_active(by_command(), bea, False)
    erase("bea@example.com")
    with get_engine().connect() as connection:
        left = text("SELECT count(*), count(*) FILTER (WHERE person_id = :bea) FROM notification")
        assert tuple(connection.execute(left, {"bea": bea}).one()) == (4, 0)
    assert unread(told.cay) == told.tickets
