"""Reads attachments: what a message shows of them, and where the file is."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation.attachments import queries
from ticket_app.data.conversation.attachments.files import path_of
from ticket_app.data.conversation.attachments.tables import Attachment
from ticket_app.data.engine import read_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.queries import find_ticket
from ticket_app.errors import AttachmentLostError, AttachmentNotFoundError
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.services.people.permission import Verb, may, require, scope_of
from ticket_app.services.tickets.listing import existing
from ticket_app.vocabulary import MessageKind


class StoredFile(NamedTuple):
    """A file to serve. `digest` is the SHA-256 of its content, in hexadecimal digits."""

    path: Path
    name: str
    media_type: str
    size: int
    digest: str


def find_file(actor: Actor, ticket_id: int, attachment_id: int) -> StoredFile:
    """Returns the file of an attachment: of a message that the actor may read, or an own one that
    waits to be sent.

    Raises TicketNotFoundError, AttachmentNotFoundError, and AttachmentLostError if the file is not
    on the disk.
    """
    require(actor, Verb.READ_TICKETS)
    with read_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        found = queries.visible_attachment(
            session,
            ticket_id,
            attachment_id,
            uploader=uploader_of(actor),
            notes=may(actor, Verb.USE_NOTES),
        )
    if found is None:
        raise AttachmentNotFoundError(attachment_id)
    path = path_of(found.sha256)
    if not path.is_file():
        raise AttachmentLostError(attachment_id)
    return StoredFile(path, found.name, found.media_type, found.size, found.sha256)


def unsent_files(actor: Actor, ticket_id: int, kind: MessageKind) -> list[AttachmentPublic]:
    """Returns the files that wait in the actor's own composer of this kind, oldest first.

    Raises TicketNotFoundError.
    """
    require(actor, Verb.REPLY)
    with read_transaction(QUICK) as session:
        existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        found = queries.unsent_of(session, ticket_id, uploader_of(actor), kind)
        return [shown_attachment(each) for each in found]


def attachments_by_held(
    session: Session, held_ids: Collection[int]
) -> Mapping[int | None, list[AttachmentPublic]]:
    """Returns the attachments of each of these held messages, as `attachments_by_message`."""
    found: defaultdict[int | None, list[AttachmentPublic]] = defaultdict(list)
    for attachment in queries.held_attachments(session, held_ids):
        found[attachment.held_id].append(shown_attachment(attachment))
    return dict(found)


def attachments_by_message(
    session: Session, message_ids: Collection[int | None]
) -> Mapping[int | None, list[AttachmentPublic]]:
    """Returns the attachments of each of these messages; a message without any is not a key."""
    found: defaultdict[int | None, list[AttachmentPublic]] = defaultdict(list)
    for attachment in queries.attachments_of(session, message_ids):
        found[attachment.message_id].append(shown_attachment(attachment))
    return dict(found)


def uploader_of(actor: Actor) -> queries.Uploader:
    """Returns whose the files are that the actor uploads."""
    identity = actor.identity
    return queries.Uploader(identity.person_id, by_link=identity.ticket_id is not None)


def shown_attachment(attachment: Attachment) -> AttachmentPublic:
    """Returns an attachment as its readers see it."""
    return AttachmentPublic(
        id=attachment.id,
        name=attachment.name,
        media_type=attachment.media_type,
        size=attachment.size,
        url=f"/api/tickets/{attachment.ticket_id}/attachments/{attachment.id}/",
        created_at=attachment.created_at,
    )
