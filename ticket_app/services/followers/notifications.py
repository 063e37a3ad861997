"""One's own notifications: reading them, and marking them as read.

They are for the team. A person who has left it sees none, and nobody sees those of tickets that
they may not see any more.
"""

from ticket_app.actor import Actor
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
    with write_transaction(QUICK) as session:
        if (person_id := own_number(session, actor)) is not None:
            notifications.mark_read(session, person_id, read.event_ids, actor.at)
