"""Reads the messages of a ticket."""

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation import queries
from ticket_app.data.conversation.tables import Message
from ticket_app.data.engine import read_transaction
from ticket_app.data.people import accounts
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.queries import find_ticket
from ticket_app.schemas.conversation import AttachmentPublic, MessageListQuery, MessagePublic
from ticket_app.services.conversation.attachments.reading import attachments_by_message
from ticket_app.services.people.permission import Verb, may, require, scope_of
from ticket_app.services.tickets.listing import existing


def list_messages(actor: Actor, ticket_id: int, query: MessageListQuery) -> list[MessagePublic]:
    """Returns messages of a ticket, newest first: replies, and notes for those who may read them.

    Raises TicketNotFoundError.
    """
    require(actor, Verb.READ_TICKETS)
    with read_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        found = queries.messages_before(
            session,
            ticket_id,
            before=query.before,
            notes=may(actor, Verb.USE_NOTES),
            limit=query.limit,
        )
        with_files = attachments_by_message(session, [said.id for said, _ in found])
    return [_public(actor, said, name, with_files.get(said.id)) for said, name in found]


def shown(session: Session, actor: Actor, message: Message, *, has_files: bool) -> MessagePublic:
    """Returns a message of an open transaction as the actor sees it.

    Without `has_files` none are looked for, which spares each post a query.
    """
    author = None if message.author_id is None else accounts.find_person(session, message.author_id)
    with_files = attachments_by_message(session, [message.id] if has_files else [])
    name = None if author is None else author.name
    return _public(actor, message, name, with_files.get(message.id))


def _public(
    actor: Actor, message: Message, name: str | None, attachments: list[AttachmentPublic] | None
) -> MessagePublic:
    # A requester sees no other people.
    is_named = not scope_of(actor).restriction or message.author_id == actor.identity.person_id
    return MessagePublic(
        id=message.id,
        ticket_id=message.ticket_id,
        kind=message.kind,
        side=message.side,
        author_id=message.author_id if is_named else None,
        author=name if is_named else None,
        body=message.body,
        channel=message.channel,
        created_at=message.created_at,
        attachments=attachments or [],
    )
