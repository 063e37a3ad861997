"""Sends attachments with a message, in the transaction of the message."""

from collections.abc import Collection

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import queries
from ticket_app.data.conversation.tables import Message
from ticket_app.errors import FieldProblem, InvalidInputError

NOT_WAITING = "Upload this file again: it was sent, deleted or never uploaded here by you."


def send_attachments(
    session: Session, actor: Actor, message: Message, attachment_ids: Collection[int]
) -> None:
    """Adds these attachments to a message, which was flushed.

    Raises InvalidInputError for one that does not wait on the ticket of the message for the actor.
    """
    if not attachment_ids or message.id is None:
        return
    sent = queries.send(
        session,
        attachment_ids,
        message.id,
        ticket_id=message.ticket_id,
        uploader_id=actor.identity.person_id,
    )
    missing = [
        FieldProblem(f"attachments.{position}", NOT_WAITING)
        for position, attachment_id in enumerate(attachment_ids)
        if attachment_id not in sent
    ]
    if missing:
        raise InvalidInputError(missing)
