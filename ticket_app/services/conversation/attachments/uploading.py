"""Receives files of a message that is not sent yet.

An upload is written to disk as it arrives. Its row is written at its end, in the transaction that
gives the content its name: so there may be a content without a row, but no row without a content.
"""

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import files, queries
from ticket_app.data.conversation.attachments.tables import Attachment
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.queries import find_ticket
from ticket_app.errors import (
    AttachmentNotFoundError,
    AttachmentTooLargeError,
    AttachmentTypeError,
    FieldProblem,
    InvalidInputError,
    TooManyAttachmentsError,
)
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.services.conversation.attachments.file_names import kept_name
from ticket_app.services.conversation.attachments.file_types import is_program, media_type_of
from ticket_app.services.conversation.attachments.reading import shown_attachment, uploader_of
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.listing import existing
from ticket_app.settings import get_settings
from ticket_app.vocabulary import MessageKind

UNSENT_MAX = 40
"""Files of one person that wait to be sent. Everyone at an open desk shares this number, and so do
the holders of a ticket's link."""
EMPTY = "The file is empty. Send one with something in it."


def begin_upload(actor: Actor, ticket_id: int) -> files.Incoming:
    """Begins the upload of a file to a ticket; `discard_upload` must end it in any case.

    Raises TicketNotFoundError, TooManyAttachmentsError, StorageFullError and
    StorageUnavailableError.
    """
    require(actor, Verb.REPLY)
    with read_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        if queries.count_unsent(session, uploader_of(actor), ticket_id) >= UNSENT_MAX:
            raise TooManyAttachmentsError(UNSENT_MAX)
    files.require_room(get_settings().attachment_max_bytes)
    return files.Incoming()


def append_to_upload(actor: Actor, upload: files.Incoming, data: bytes) -> None:
    """Adds the next bytes. Raises AttachmentTooLargeError, and errors of the storage."""
    require(actor, Verb.REPLY)
    settings = get_settings()
    if upload.size + len(data) > settings.attachment_max_bytes:
        raise AttachmentTooLargeError(settings.attachment_max_mib)
    upload.write(data)


def finish_upload(
    actor: Actor,
    ticket_id: int,
    upload: files.Incoming,
    name: str,
    kind: MessageKind | None = None,
) -> AttachmentPublic:
    """Keeps an upload as an attachment that waits to be sent, in the composer of this kind.

    Raises AttachmentTypeError for a program, InvalidInputError for an empty file, and the errors of
    `begin_upload`.
    """
    require(actor, Verb.REPLY)
    if kind is MessageKind.NOTE:
        require(actor, Verb.USE_NOTES)
    if upload.size == 0:
        raise InvalidInputError([FieldProblem("file", EMPTY)])
    upload.seal()
    name = kept_name(name)
    if is_program(upload.path, name):
        raise AttachmentTypeError
    uploader = uploader_of(actor)
    attachment = Attachment(
        ticket_id=ticket_id,
        uploader_id=uploader.person_id,
        by_link=uploader.by_link,
        kind=kind,
        name=name,
        media_type=media_type_of(upload.path, name),
        size=upload.size,
        sha256=upload.digest,
        created_at=actor.at,
    )
    with write_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        queries.lock_content(session, upload.digest)
        upload.publish()
        session.add(attachment)
        session.flush()
    return shown_attachment(attachment)


def discard_upload(actor: Actor, upload: files.Incoming) -> None:
    """Removes what was received, unless it was kept."""
    require(actor, Verb.REPLY)
    upload.discard()


def delete_unsent(actor: Actor, ticket_id: int, attachment_id: int) -> None:
    """Deletes an attachment that the actor has uploaded and not sent.

    Raises TicketNotFoundError, and AttachmentNotFoundError also for one that was sent.
    """
    require(actor, Verb.REPLY)
    with write_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        if not queries.remove_unsent(session, ticket_id, attachment_id, uploader_of(actor)):
            raise AttachmentNotFoundError(attachment_id)
