"""Named queries of attachments; all have a bound."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, text, update
from sqlmodel import Session, col

from ticket_app.data.conversation.attachments.tables import Attachment, LooseFile
from ticket_app.data.conversation.tables import HeldMessage, Message
from ticket_app.vocabulary import ATTACHMENTS_MAX, MessageKind

LOCKS = 1_835_364_211
"""First key of the advisory locks of contents: an arbitrary number."""
TRY_LOCK = text(f"SELECT pg_try_advisory_xact_lock({LOCKS}, :key)")
LOCK = text(f"SELECT pg_advisory_xact_lock({LOCKS}, :key)")
LIST_LOOSE = text("INSERT INTO loose_file (sha256) VALUES (:sha256) ON CONFLICT DO NOTHING")


class Uploader(NamedTuple):
    """Whose an unsent file is: a person's, an open desk's (None), or that of the holders of the
    signed link of its ticket."""

    person_id: int | None
    by_link: bool = False


def attachments_of(session: Session, message_ids: Collection[int | None]) -> Sequence[Attachment]:
    """Return the attachments of these messages, in the order in which they were uploaded."""
    wanted = select(Attachment).where(col(Attachment.message_id).in_(message_ids))
    return session.scalars(wanted.order_by(col(Attachment.id))).all() if message_ids else ()


def visible_attachment(
    session: Session, ticket_id: int, attachment_id: int, *, uploader: Uploader, notes: bool
) -> Attachment | None:
    """Return an attachment of the ticket that was sent, or that this uploader has not sent yet.

    Without `notes`, none of a note.
    """
    sent = col(Message.id).is_not(None)
    readable = sent if notes else sent & (col(Message.kind) == MessageKind.REPLY)
    wanted = select(Attachment).outerjoin(Message, col(Message.id) == col(Attachment.message_id))
    wanted = wanted.where(col(Attachment.id) == attachment_id)
    wanted = wanted.where(col(Attachment.ticket_id) == ticket_id)
    own = col(Attachment.message_id).is_(None) & _of(uploader)
    return session.scalar(wanted.where(or_(readable, own)))


def count_unsent(session: Session, uploader: Uploader, ticket_id: int) -> int:
    """Return the number of attachments of this uploader that wait to be sent: of a person those of
    all tickets, of the holders of a link those of their ticket."""
    counted = select(func.count()).select_from(Attachment).where(_unsent_of(uploader))
    if uploader.by_link:
        counted = counted.where(col(Attachment.ticket_id) == ticket_id)
    return session.scalar(counted) or 0


def unsent_of(
    session: Session, ticket_id: int, uploader: Uploader, kind: MessageKind
) -> Sequence[Attachment]:
    """Return the files that wait in a composer of this uploader, oldest first: more than a message
    may have are never shown."""
    wanted = select(Attachment).where(_unsent_of(uploader), col(Attachment.kind) == kind)
    wanted = wanted.where(col(Attachment.ticket_id) == ticket_id).order_by(col(Attachment.id))
    return session.scalars(wanted.limit(2 * ATTACHMENTS_MAX)).all()


def held_attachments(session: Session, held_ids: Collection[int]) -> Sequence[Attachment]:
    """Return the attachments of these held messages, in the order in which they were uploaded."""
    wanted: Select[Attachment] = select(Attachment).where(col(Attachment.held_id).in_(held_ids))
    return session.scalars(wanted.order_by(col(Attachment.id))).all() if held_ids else ()


def send(
    session: Session,
    attachment_ids: Collection[int],
    message: Message | HeldMessage,
    uploader: Uploader,
) -> set[int]:
    """Add those of these attachments to a message that wait on its ticket for this uploader, and in
    no composer of another kind; return their ids."""
    is_held = isinstance(message, HeldMessage)
    changed = (
        update(Attachment)
        .where(col(Attachment.id).in_(attachment_ids), _unsent_of(uploader))
        .where(col(Attachment.ticket_id) == message.ticket_id)
        .where(or_(col(Attachment.kind).is_(None), col(Attachment.kind) == message.kind))
        .values({"held_id" if is_held else "message_id": message.id})
        .returning(col(Attachment.id))
    )
    return {found for found in session.scalars(changed) if found is not None}


def release(session: Session, held_id: int, message_id: int | None) -> None:
    """Give the files of a held message to the message that has come of it."""
    released = update(Attachment).where(col(Attachment.held_id) == held_id)
    session.execute(released.values(held_id=None, message_id=message_id))


def unhold(session: Session, held: HeldMessage, now: datetime) -> None:
    """Let the files of a held message wait in its composer again, as if they came now."""
    returned = update(Attachment).where(col(Attachment.held_id) == held.id)
    session.execute(returned.values(held_id=None, kind=held.kind, created_at=now))


def remove_unsent(session: Session, ticket_id: int, attachment_id: int, uploader: Uploader) -> bool:
    """Delete an attachment that waits for this uploader; return False if there is none."""
    removed = delete(Attachment).where(col(Attachment.id) == attachment_id)
    removed = removed.where(col(Attachment.ticket_id) == ticket_id, _unsent_of(uploader))
    return session.scalar(removed.returning(col(Attachment.id))) is not None


def remove_unsent_before(session: Session, moment: datetime, *, limit: int) -> int:
    """Delete the oldest unsent attachments that were uploaded before; return their number."""
    unsent = col(Attachment.message_id).is_(None) & col(Attachment.held_id).is_(None)
    old = select(col(Attachment.id)).where(unsent, col(Attachment.created_at) < moment)
    old = old.order_by(col(Attachment.created_at)).limit(limit)
    removed = delete(Attachment).where(col(Attachment.id).in_(old), unsent)
    return len(session.scalars(removed.returning(col(Attachment.id))).all())


def lock_content(session: Session, digest: str) -> None:
    """Let no other transaction publish or remove this content until this one ends.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(LOCK, {"key": _key_of(digest)})


def lock_loose_file(session: Session) -> str | None:
    """Lock a loose content that nobody else holds; None for none.

    It never waits, as whoever publishes a content may wait for whoever has deleted an attachment.
    """
    wanted = select(col(LooseFile.sha256)).order_by(col(LooseFile.sha256)).limit(10)
    for digest in session.scalars(wanted.with_for_update(skip_locked=True)):
        if session.get_bind().dialect.name != "postgresql":
            return digest
        if session.execute(TRY_LOCK, {"key": _key_of(digest)}).scalar_one():
            return digest
    return None


def is_attached(session: Session, digest: str) -> bool:
    """Return True if an attachment has this content."""
    wanted = select(col(Attachment.id)).where(col(Attachment.sha256) == digest).limit(1)
    return session.scalar(wanted) is not None


def forget_loose_file(session: Session, digest: str) -> None:
    """Take a content, which was locked, off the list."""
    session.execute(delete(LooseFile).where(col(LooseFile.sha256) == digest))


def list_loose_files(session: Session, digests: Collection[str]) -> int:
    """List those of these contents that no attachment has; return their number."""
    attached = select(col(Attachment.sha256)).where(col(Attachment.sha256).in_(digests))
    loose = sorted(set(digests).difference(session.scalars(attached)))
    if loose:
        session.execute(LIST_LOOSE, [{"sha256": each} for each in loose])
    return len(loose)


def _of(uploader: Uploader) -> ColumnElement[bool]:
    by_link = col(Attachment.by_link)
    same = by_link.is_(True) if uploader.by_link else by_link.is_(False)
    return same & (col(Attachment.uploader_id) == uploader.person_id)  # None becomes IS NULL


def _unsent_of(uploader: Uploader) -> ColumnElement[bool]:
    waits = col(Attachment.message_id).is_(None) & col(Attachment.held_id).is_(None)
    return waits & _of(uploader)


def _key_of(digest: str) -> int:
    """Return a content's key among the locks: the first 32 bits of its digest, with a sign."""
    return int.from_bytes(bytes.fromhex(digest[:8]), signed=True)
