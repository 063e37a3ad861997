"""Reads a page of a conversation: messages, and what happened to the ticket between them."""

from datetime import datetime
from typing import NamedTuple

from ticket_app.actor import Actor
from ticket_app.data.conversation import queries as messages
from ticket_app.data.engine import read_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.schemas.conversation import MessageListQuery, MessagePublic
from ticket_app.schemas.tickets import TicketEventPublic
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.people.permission import Verb, may, require
from ticket_app.services.tickets.listing import ticket_changes


class ConversationPage(NamedTuple):
    """Messages and changes, each oldest first. `has_older` is True if older messages exist.

    The changes are those since the first of the messages; on the oldest page, all before, too.
    Those who may not read a ticket's history get none.
    """

    messages: list[MessagePublic]
    changes: list[TicketEventPublic]
    has_older: bool


def conversation_page(
    actor: Actor, ticket_id: int, limit: int, before: int | None = None
) -> ConversationPage:
    """Returns the newest `limit` messages of a ticket, or those before the message `before`.

    `limit` is at most PAGE_MAX - 1. Raises TicketNotFoundError.
    """
    require(actor, Verb.READ_TICKETS)
    found = list_messages(actor, ticket_id, MessageListQuery(limit=limit + 1, before=before))
    has_older = len(found) > limit
    shown = found[:limit][::-1]
    changes: list[TicketEventPublic] = []
    if may(actor, Verb.CHANGE_TICKETS):
        since = shown[0].created_at if has_older else None
        changes = ticket_changes(actor, ticket_id, since, _time_of(ticket_id, before))
    return ConversationPage(shown, changes, has_older)


def _time_of(ticket_id: int, message_id: int | None) -> datetime | None:
    if message_id is None:
        return None
    with read_transaction(QUICK) as session:
        return messages.said_at(session, ticket_id, message_id)
