"""The first follower: it notifies people of what concerns them.

Somebody to whom a ticket was assigned; the assignee of a ticket that got a reply; and members of
the team whose name a message of the team has after an "@". Nobody is told of what they did, and
nobody who has left the team. Open pages count anew when a ticket is deleted or restored, because
its notifications go and come with it.
"""

from collections.abc import Collection

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.bus import Notified, bus
from ticket_app.data.conversation.tables import Message
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.followers import notifications
from ticket_app.data.followers.record import Concerns, Event
from ticket_app.data.people import accounts
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.schemas.assignees import ASSIGNEE
from ticket_app.services.followers.mentions import mentioned
from ticket_app.services.people.assignees import ASSIGNABLE_MAX
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import EventKind, NotificationKind, Side, Who

NAME = "notifications"
MESSAGES = (EventKind.REPLIED, EventKind.NOTED)
HIDING = (EventKind.DELETED, EventKind.RESTORED)
CONCERNS = Concerns(frozenset({*MESSAGES, *HIDING}), frozenset({ASSIGNEE}))
"""A busy desk files a thousand tickets a second, and nobody is told of one of them."""


def notify(actor: Actor, event: Event) -> None:
    """Writes a notification for each person whom the event concerns, unless it is there."""
    require(actor, Verb.OPERATE)
    if event.kind in HIDING:
        with read_transaction(QUICK) as session:
            told: Collection[int] = notifications.told_of(
                session, event.ticket_id, limit=ASSIGNABLE_MAX
            )
    else:
        told = _tell(event)
    for person_id in told:
        bus.publish_notified(Notified(person_id))


def _tell(event: Event) -> Collection[int]:
    """Writes the notifications of an event; returns the people."""
    is_message = event.kind in MESSAGES
    if not is_message and not (event.field == ASSIGNEE and event.new_value):
        return ()
    with read_transaction(QUICK) as session:
        wanted, doer = (_of_message if is_message else _of_assignment)(session, event)
        wanted.pop(doer, None)
        people = accounts.agents_among(session, wanted.keys() - {None}) if wanted else ()
    if people:
        with write_transaction(QUICK) as session:
            notifications.add(session, event, {each: wanted[each] for each in people})
    return people


Wanted = dict[int | None, NotificationKind]
"""The kind of the notification of each person. None is nobody."""


def _of_assignment(session: Session, event: Event) -> tuple[Wanted, int | None]:
    return {int(event.new_value or 0): NotificationKind.ASSIGNED}, _doer(session, event)


def _of_message(session: Session, event: Event) -> tuple[Wanted, int | None]:
    message = notifications.message_of(session, int(event.new_value or 0))
    if message is None:
        return {}, None
    wanted: Wanted = {}
    if event.kind == EventKind.REPLIED:
        wanted[notifications.assignee_of(session, event.ticket_id)] = NotificationKind.REPLIED
    if message.side == Side.TEAM and "@" in message.body:
        team = accounts.agents(session, limit=ASSIGNABLE_MAX)
        wanted |= dict.fromkeys(mentioned(message.body, team), NotificationKind.MENTIONED)
    return wanted, _author(session, event, message)


def _author(session: Session, event: Event, message: Message) -> int | None:
    """Returns the author. At an open desk the words of a requester are theirs, whoever writes."""
    if message.author_id is not None or message.side == Side.REQUESTER:
        return message.author_id
    return _doer(session, event)


def _doer(session: Session, event: Event) -> int | None:
    """Returns the person who acted: at an open desk its agent."""
    if event.actor_id is not None or event.actor != Who.ANYONE:
        return event.actor_id
    fact = accounts.read_fact(session)
    was_open = fact.accounts_since is None or event.created_at < fact.accounts_since
    return fact.agent_id if was_open else None
