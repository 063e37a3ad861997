"""Sends attachments with a message, in the transaction of the message.

Those of a held message go with it, and come back to its composer if it is taken back.
"""

import re
from collections.abc import Collection

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import queries
from ticket_app.data.conversation.tables import HeldMessage, Message
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.services.conversation.attachments.reading import uploader_of

FILES_ALONE = "Sent {count}."
"""The words of a message that somebody sends with files alone."""
_FILES_ALONE = re.compile(FILES_ALONE.replace(".", r"\.").format(count=r"[\w ]+"))
NOT_WAITING = "Upload this file again: it was sent, deleted or never uploaded here by you."


def typed_with_files(body: str) -> str:
    """Returns what the author of a message with files has typed: nothing, if it has files alone."""
    return "" if _FILES_ALONE.fullmatch(body) else body


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
