"""Named queries of people's decisions and of the models learned from them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlmodel import Session, col

from ticket_app.data.tickets.predicates import present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.tables import LearnedModel, LearningTurn
from ticket_app.schemas.paging import EPOCH
from ticket_app.vocabulary import DecidedBy, TriageField

_COLUMNS = {
    TriageField.CATEGORY: (col(Ticket.category), col(Ticket.category_by)),
    TriageField.PRIORITY: (col(Ticket.priority), col(Ticket.priority_by)),
}


def count_decided(session: Session, field: str) -> int:
    """Return the number of tickets with a person's decision in this field."""
    return session.scalar(select(func.count()).where(*_decided(field))) or 0


def decided_before(
    session: Session, field: str, ticket_id: int, *, limit: int
) -> Sequence[Row[int, str, str, str]]:
    """Return id, title, description and the person's value of tickets below this id, descending."""
    value, _ = _COLUMNS[TriageField(field)]
    return session.execute(
        select(col(Ticket.id), col(Ticket.title), col(Ticket.description), value)
        .where(*_decided(field), col(Ticket.id) < ticket_id)
        .order_by(col(Ticket.id).desc())
        .limit(limit)
    ).all()


def turns(session: Session) -> Sequence[LearningTurn]:
    """Return the learning lease of each field."""
    return session.scalars(select(LearningTurn).order_by(col(LearningTurn.field))).all()


def lock_turns(session: Session) -> Sequence[LearningTurn]:
    """Lock the learning lease of each field until the transaction ends, and return them."""
    return session.scalars(
        select(LearningTurn).order_by(col(LearningTurn.field)).with_for_update()
    ).all()


def put_out_of_use(session: Session, field: str) -> None:
    """Remove the model in use of this field; the comparisons of its lessons stay."""
    session.execute(
        update(LearnedModel)
        .where(col(LearnedModel.field) == field, col(LearnedModel.model).is_not(None))
        .values(model=None)
    )


def unlearn(session: Session) -> None:
    """Remove the models in use, and let each field be due again. A lesson that is being learned
    loses its lease, so that nothing is kept of it."""
    in_use = col(LearnedModel.model).is_not(None)
    session.execute(update(LearnedModel).where(in_use).values(model=None))
    session.execute(update(LearningTurn).values(held_until=EPOCH, decided=0))


def ids_in_use(session: Session) -> dict[str, int]:
    """Return the id of the lesson in use by field, for the fields that have one."""
    rows = session.execute(
        select(col(LearnedModel.field), col(LearnedModel.id)).where(
            col(LearnedModel.model).is_not(None)
        )
    )
    return {field: lesson for field, lesson in rows if lesson is not None}


def model_of(session: Session, lesson: int) -> bytes:
    """Return the model's bytes of a lesson that is in use."""
    found = select(col(LearnedModel.model)).where(col(LearnedModel.id) == lesson)
    return session.execute(found).scalar_one() or b""


def newest_lessons(session: Session) -> Sequence[Row[Any]]:
    """Return the newest lesson per field: id, field, created_at, examples, comparison, in_use."""
    newest = select(func.max(col(LearnedModel.id))).group_by(col(LearnedModel.field))
    return session.execute(
        select(
            col(LearnedModel.id),
            col(LearnedModel.field),
            col(LearnedModel.created_at),
            col(LearnedModel.examples),
            col(LearnedModel.comparison),
            col(LearnedModel.model).is_not(None).label("in_use"),
        )
        .where(col(LearnedModel.id).in_(newest))
        .order_by(col(LearnedModel.field))
    ).all()


def _decided(field: str) -> list[ColumnElement[bool]]:
    _, decided_by = _COLUMNS[TriageField(field)]
    return [decided_by == DecidedBy.PERSON, present()]
