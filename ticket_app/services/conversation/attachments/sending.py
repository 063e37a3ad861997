"""Sends attachments with a message, in the transaction of the message.

Those of a held message go with it, and come back to its composer if it is taken back.
"""

from collections.abc import Collection

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import queries
from ticket_app.data.conversation.tables import HeldMessage, Message
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.services.conversation.attachments.reading import uploader_of

NOT_WAITING = "Upload this file again: it was sent, deleted or never uploaded here by you."


def send_attachments(
    session: Session,
    actor: Actor,
    message: Message | HeldMessage,
    attachment_ids: Collection[int],
) -> None:
    """Adds these attachments to a message, which was flushed.

    Raises InvalidInputError for one that does not wait on the ticket of the message for the actor.
    """
    if not attachment_ids or message.id is None:
        return
    sent = queries.send(session, attachment_ids, message, uploader_of(actor))
    missing = [
        FieldProblem(f"attachments.{position}", NOT_WAITING)
        for position, attachment_id in enumerate(attachment_ids)
        if attachment_id not in sent
    ]
    if missing:
        raise InvalidInputError(missing)
