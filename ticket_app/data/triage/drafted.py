"""Named queries of drafted replies; all have a bound."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select, update
from sqlmodel import Session, col

from ticket_app.data.triage.drafted_tables import DraftedReply, DraftedReplySource
from ticket_app.vocabulary import ERASED, DraftOutcome

DRAFT_OPEN = timedelta(hours=24)
"""After this time a draft without an outcome counts as thrown away."""
DRAFTS_MAX = 100_000
"""The newest drafts of a window that the report counts."""


def open_draft(
    session: Session, ticket_id: int, author_id: int | None, now: datetime
) -> DraftedReply | None:
    """Return the newest draft of this person for the ticket that has no outcome and counts as none
    yet. None as a person is whoever writes at an open desk. One that was erased is none."""
    since = now - DRAFT_OPEN
    is_there = col(DraftedReply.body) != ERASED
    wanted = select(DraftedReply).where(*_open(ticket_id, author_id), is_there)
    newest = wanted.where(col(DraftedReply.created_at) >= since).order_by(
        col(DraftedReply.id).desc()
    )
    return session.scalar(newest.limit(1))


def draft_of(
    session: Session, draft_id: int, ticket_id: int, author_id: int | None
) -> DraftedReply | None:
    """Return the draft if it is this person's for this ticket."""
    wanted = select(DraftedReply).where(col(DraftedReply.id) == draft_id)
    return session.scalar(wanted.where(col(DraftedReply.ticket_id) == ticket_id, _by(author_id)))


def draft_held_as(session: Session, held_id: int) -> DraftedReply | None:
    """Return the draft that became this held message, if one did."""
    return session.scalar(select(DraftedReply).where(col(DraftedReply.held_id) == held_id))


def throw_away_open(session: Session, ticket_id: int, author_id: int | None) -> None:
    """Settle every draft of this person for the ticket that has no outcome as thrown away."""
    session.execute(
        update(DraftedReply)
        .where(*_open(ticket_id, author_id))
        .values(outcome=DraftOutcome.THROWN_AWAY)
    )


def add_sources(session: Session, draft_id: int, ticket_ids: Collection[int]) -> None:
    """Store the tickets of whose replies the draft was made."""
    session.add_all([DraftedReplySource(draft_id=draft_id, ticket_id=each) for each in ticket_ids])


def sources_of(session: Session, draft_id: int) -> Sequence[int]:
    """Return the tickets of whose replies the draft was made, by number."""
    source = col(DraftedReplySource.ticket_id)
    wanted = select(source).where(col(DraftedReplySource.draft_id) == draft_id).order_by(source)
    return session.scalars(wanted).all()


def erase_drafts_of(session: Session, ticket_ids: Collection[int]) -> None:
    """Erase the drafts for these tickets, which may quote what was erased there."""
    session.execute(
        update(DraftedReply).where(col(DraftedReply.ticket_id).in_(ticket_ids)).values(body=ERASED)
    )


def outcomes(session: Session, since: datetime, unsettled_before: datetime) -> Sequence[Row[Any]]:
    """Return rows of engine, model, prompt_version and figures of its drafts since then.

    The figures are n, as_it_was, edited, thrown_away and share_changed, the mean over the edited
    ones or NULL. A draft without an outcome from before `unsettled_before` was thrown away; the
    others without one are counted in n alone.
    """
    made = (
        select(DraftedReply)
        .where(col(DraftedReply.created_at) >= since)
        .order_by(col(DraftedReply.created_at).desc())
        .limit(DRAFTS_MAX)
        .subquery()
    )
    is_old = made.c.outcome.is_(None) & (made.c.created_at < unsettled_before)
    key = (made.c.engine, made.c.model, made.c.prompt_version)

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    return session.execute(
        select(
            *key,
            func.count().label("n"),
            count(made.c.outcome == DraftOutcome.AS_IT_WAS).label("as_it_was"),
            count(made.c.outcome == DraftOutcome.EDITED).label("edited"),
            count((made.c.outcome == DraftOutcome.THROWN_AWAY) | is_old).label("thrown_away"),
            func.avg(made.c.share_changed).label("share_changed"),
        )
        .group_by(*key)
        .order_by(*key)
    ).all()


def _open(ticket_id: int, author_id: int | None) -> tuple[ColumnElement[bool], ...]:
    is_open = col(DraftedReply.outcome).is_(None)
    return col(DraftedReply.ticket_id) == ticket_id, _by(author_id), is_open


def _by(author_id: int | None) -> ColumnElement[bool]:
    author = col(DraftedReply.author_id)
    return author.is_(None) if author_id is None else author == author_id
