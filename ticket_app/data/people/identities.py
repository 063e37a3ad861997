"""Identities in the database: whom a provider of OpenID Connect means by a subject."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from ticket_app.data.people.tables import PersonIdentity, PersonSession

_issuer, _subject = col(PersonIdentity.issuer), col(PersonIdentity.subject)
_person_id = col(PersonIdentity.person_id)


def find_person_id(session: Session, issuer: str, subject: str) -> int | None:
    """Return the id of the person of a subject."""
    asked = select(_person_id).where(_issuer == issuer, _subject == subject)
    return session.execute(asked).scalar_one_or_none()


def has_subject(session: Session, issuer: str, person_id: int) -> bool:
    """Return True if the person has a subject at this provider."""
    asked = select(_person_id).where(_issuer == issuer, _person_id == person_id)
    return session.execute(asked).scalar_one_or_none() is not None


def add(session: Session, issuer: str, subject: str, person_id: int, now: datetime) -> None:
    """Make the subject one with the person. Both are free: the caller holds the desk's lock."""
    session.add(PersonIdentity(issuer=issuer, subject=subject, person_id=person_id, created_at=now))
    session.flush()


def remove_all(session: Session, person_id: int) -> int:
    """Delete every identity of the person; return how many there were."""
    done = session.execute(delete(PersonIdentity).where(_person_id == person_id))
    return int(done.rowcount)  # type: ignore[attr-defined]


def began_by_provider(session: Session, key: str) -> bool:
    """Return True if a provider has checked who the person of this session is."""
    asked = select(col(PersonSession.by_provider)).where(col(PersonSession.key) == key)
    return bool(session.execute(asked).scalar_one_or_none())


def remove_sessions(session: Session, person_id: int) -> None:
    """Delete the person's sessions that began by a provider."""
    session.execute(
        delete(PersonSession).where(
            col(PersonSession.person_id) == person_id, col(PersonSession.by_provider).is_(True)
        )
    )
