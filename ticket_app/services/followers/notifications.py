"""One's own notifications: reading them, marking them as read; and removing old ones.

They are for the team. A person who has left it sees none, and nobody sees those of tickets that
they may not see any more.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from ticket_app.actor import Actor
from ticket_app.bus import Notified, bus
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.followers import notifications
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.schemas.notifications import (
    UNREAD_MAX,
    NotificationListQuery,
    NotificationPublic,
    NotificationsRead,
    Unread,
)
from ticket_app.services.people.assignees import own_number
from ticket_app.services.people.permission import Verb, require, scope_of

READ_AT_ONCE = 500
"""Notifications that are marked in one transaction."""
REMOVED_AT_ONCE = 1_000
READ_KEPT, KEPT = timedelta(days=30), timedelta(days=90)
"""How long a notification is kept after it was read, and at most."""


def list_notifications(actor: Actor, query: NotificationListQuery) -> list[NotificationPublic]:
    """Returns notifications of the person who acts, newest first; at an open desk those of its
    agent."""
    require(actor, Verb.USE_NOTES)
    with read_transaction(QUICK) as session:
        if (person_id := own_number(session, actor)) is None:
            return []
        found = notifications.newest(
            session,
            person_id,
            scope_of(actor),
            before=query.before,
            unread=query.unread,
            limit=query.limit,
        )
    return [NotificationPublic.model_validate(each) for each in found]


def count_unread(actor: Actor) -> Unread:
    """Returns how many of them are not marked as read, UNREAD_MAX at most."""
    require(actor, Verb.USE_NOTES)
    with read_transaction(QUICK) as session:
        person_id = own_number(session, actor)
        scope = scope_of(actor)
        count = person_id and notifications.count_unread(
            session, person_id, scope, limit=UNREAD_MAX
        )
    return Unread(unread=count or 0)


def mark_read(actor: Actor, read: NotificationsRead) -> None:
    """Marks these notifications of the person who acts as read."""
    require(actor, Verb.CHANGE_TICKETS)
    with read_transaction(QUICK) as session:
        person_id = own_number(session, actor)
    if person_id is not None:
        _mark(actor, person_id, read.event_ids)


def mark_ticket_read(actor: Actor, ticket_id: int) -> None:
    """Marks what the person who acts was told about a ticket as read: they have opened it."""
    require(actor, Verb.CHANGE_TICKETS)
    with read_transaction(QUICK) as session:
        person_id = own_number(session, actor)
        unread = person_id and notifications.unread_of_ticket(
            session, person_id, ticket_id, limit=READ_AT_ONCE
        )
    if person_id and unread:
        _mark(actor, person_id, unread)


def mark_all_read(actor: Actor, upto: int) -> None:
    """Marks all notifications of the person who acts as read, those of events after `upto` left
    out: they were not shown yet. Each READ_AT_ONCE are a transaction."""
    require(actor, Verb.CHANGE_TICKETS)
    unread: Sequence[int] = [0] * READ_AT_ONCE
    while len(unread) == READ_AT_ONCE:
        with read_transaction(QUICK) as session:
            if (person_id := own_number(session, actor)) is None:
                return
            unread = notifications.unread_upto(session, person_id, upto, limit=READ_AT_ONCE)
        if unread:
            _mark(actor, person_id, unread)


def remove_old(actor: Actor, after: int) -> int:
    """Deletes notifications that were read READ_KEPT ago, and all older than KEPT.

    It looks at REMOVED_AT_ONCE whose number is greater than `after`, and returns where to go on, 0
    at the end.
    """
    require(actor, Verb.OPERATE)
    with write_transaction(QUICK) as session:
        reached = notifications.remove_old(
            session,
            after,
            created_before=actor.at - KEPT,
            read_before=actor.at - READ_KEPT,
            limit=REMOVED_AT_ONCE,
        )
    return reached or 0


def _mark(actor: Actor, person_id: int, event_ids: Collection[int]) -> None:
    with write_transaction(QUICK) as session:
        notifications.mark_read(session, person_id, event_ids, actor.at)
    bus.publish_notified(Notified(person_id))
