"""Learns from people's decisions. One process learns at a time; all processes use its model.

A lesson takes up to a minute of a core, so it is learned in a process of its own. The right to
learn is a lease that expires, so that a killed process does not block the next one.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from sqlalchemy import Row
from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.triage import learning as queries
from ticket_app.data.triage import tables
from ticket_app.errors import TicketAppError
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.triage.decisions import decisions, proposal_by_rules
from ticket_app.triage.learned import Learned, use_models
from ticket_app.triage.learning.comparison import Comparison
from ticket_app.triage.learning.examples import EXAMPLES_MIN, NotEnoughError
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.model import LearnedModel
from ticket_app.triage.learning.stored import DamagedModelError
from ticket_app.triage.learning.training import Lesson, learn
from ticket_app.vocabulary import TriageField, Verdict

FIELDS: tuple[LearnedField, ...] = ("category", "priority")
LEASE = timedelta(minutes=15)
"""Duration of the lease: longer than a learning process lives."""

GROWTH, GROWTH_MIN = 1.2, 50
"""A lesson is due when the number of decided tickets has grown by this factor and by this many."""

Seen = dict[LearnedField, int]
"""The id of the lesson whose model is in use, for each field that has one."""

log = logging.getLogger(__name__)


class LessonPublic(BaseModel):
    """The last lesson of a field: the model learned from people's decisions, against the rules.

    Both were tested on `n_held_out` tickets that neither had seen. Accuracies are shares of these,
    0..1. Errors are mean distances from people's choices (of priorities in steps), in which every
    value has the same weight. `p_value` is the probability of such a result by chance.
    `calibration_error` is the distance between confidence and the share of right proposals.
    `in_use` is True if the model proposes this field's values now.
    """

    id: int
    field: TriageField
    learned_at: datetime
    n_decided: int
    n_learned_from: int
    n_held_out: int
    rules_accuracy: float
    learned_accuracy: float
    rules_error: float
    learned_error: float
    learned_nearer: int
    rules_nearer: int
    p_value: float
    calibration_error: float
    in_use: bool


class NotEnoughDecisionsError(TicketAppError):
    """People have decided too few tickets for a lesson."""

    code = "not_enough_decisions"


class LearningBusyError(TicketAppError):
    """Another process is learning, or this one's lease has expired."""

    code = "learning_busy"


def fields_due(actor: Actor) -> list[LearnedField]:
    """Returns the fields with enough decisions since their last lesson.

    Returns none while another process is learning; a later call finds what is due then.
    """
    require(actor, Verb.OPERATE)
    with read_transaction() as session:
        if any(row.held_until > datetime.now(UTC) for row in queries.turns(session)):
            return []
        return [field for field in FIELDS if _is_due(session, field)]


def learn_from_decisions(actor: Actor, field: LearnedField) -> LessonPublic:
    """Learns the field, compares the model with the rules, and puts it in use if it is better.

    If it is not better, the rules decide this field again. Takes up to a minute. Raises
    NotEnoughDecisionsError, and LearningBusyError while another process is learning.
    """
    require(actor, Verb.OPERATE)
    with _lease(field) as lease:
        try:
            examples = decisions(field)
            lesson = learn(field, examples, partial(proposal_by_rules, field))
        except NotEnoughError as error:
            with write_transaction() as session:
                _store_decided(session, lease)
            raise NotEnoughDecisionsError(str(error)) from None
        return _store(lease, lesson, len(examples))


def refresh_models(actor: Actor, seen: Seen) -> Seen:
    """Loads the models in use into this process if they are not those of the lessons `seen`.

    Returns the lessons seen now. A damaged model is logged, and the rules decide its field.
    """
    require(actor, Verb.OPERATE)
    with read_transaction() as session:
        wanted = queries.ids_in_use(session)
        now_seen = {field: wanted[field] for field in FIELDS if field in wanted}
        if now_seen == seen:
            return now_seen
        stored = {field: queries.model_of(session, lesson) for field, lesson in now_seen.items()}
    use_models(
        {
            field: Learned(lesson, model)
            for field, lesson in now_seen.items()
            if (model := _model(field, lesson, stored[field])) is not None
        }
    )
    return now_seen


def lessons() -> list[LessonPublic]:
    """Returns the newest lesson of each field that has one and whose comparison can be read."""
    with read_transaction() as session:
        found = [_readable(row) for row in queries.newest_lessons(session)]
    return [lesson for lesson in found if lesson is not None]


class _Lease(NamedTuple):
    """This process's lease on learning. Its end identifies it: no two leases end together.

    `decided` is the number of tickets that people had decided at its start.
    """

    field: LearnedField
    until: datetime
    decided: int


@contextmanager
def _lease(field: LearnedField) -> Iterator[_Lease]:
    """Takes the only lease on learning for the block, and releases it however the block ends."""
    with write_transaction() as session:
        now = datetime.now(UTC)
        rows = {row.field: row for row in queries.lock_turns(session)}
        for row in rows.values():
            if row.held_until > now:
                raise LearningBusyError(
                    f"Another process is learning the {row.field}. It ends by "
                    f"{row.held_until:%H:%M:%S} UTC; try again then, if not before."
                )
        lease = _Lease(field, now + LEASE, queries.count_decided(session, field))
        rows[field].held_until = lease.until
    try:
        yield lease
    finally:
        _release(lease)


def _release(lease: _Lease) -> None:
    with write_transaction() as session:
        if (row := _still_leased(session, lease)) is not None:
            row.held_until = datetime.now(UTC)


def _still_leased(session: Session, lease: _Lease) -> tables.LearningTurn | None:
    rows = {row.field: row for row in queries.lock_turns(session)}
    row = rows[lease.field]
    return row if row.held_until == lease.until else None


def _store_decided(session: Session, lease: _Lease) -> None:
    """Stores the lease's count of decisions, from which `_is_due` reckons the next lesson."""
    if (row := _still_leased(session, lease)) is None:
        raise LearningBusyError(
            f"Learning the {lease.field} took longer than {LEASE}, so nothing was kept of it."
        )
    row.decided = lease.decided


def _store(lease: _Lease, lesson: Lesson, examples: int) -> LessonPublic:
    """Stores the lesson and puts the field's former model out of use, in one commit."""
    comparison = lesson.comparison
    row = tables.LearnedModel(
        field=lease.field,
        created_at=datetime.now(UTC),
        examples=examples,
        verdict=Verdict.BETTER if comparison.beats else Verdict.NOT_BETTER,
        comparison=comparison.model_dump_json(),
        model=lesson.model.to_bytes() if comparison.beats else None,
    )
    with write_transaction() as session:
        _store_decided(session, lease)
        queries.put_out_of_use(session, lease.field)
        session.add(row)
        session.flush()
        return _public(row, comparison, in_use=comparison.beats)


def _is_due(session: Session, field: LearnedField) -> bool:
    before = next(row.decided for row in queries.turns(session) if row.field == field)
    decided = queries.count_decided(session, field)
    return decided >= max(EXAMPLES_MIN, before * GROWTH, before + GROWTH_MIN)


def _model(field: str, lesson: int, data: bytes) -> LearnedModel | None:
    """Returns the model in these bytes; logs and returns None if damaged or of another field."""
    try:
        model = LearnedModel.from_bytes(data)
    except DamagedModelError as error:
        log.warning(
            "lesson %d cannot be used, so the rules decide the %s: %s", lesson, field, error
        )
        return None
    if model.field != field:
        log.warning("lesson %d cannot be used: its model is of another field", lesson)
        return None
    return model


def _readable(row: Row[Any]) -> LessonPublic | None:
    try:
        comparison = Comparison.model_validate_json(row.comparison)
    except ValidationError:
        log.warning("the comparison of lesson %d cannot be read", row.id)
        return None
    return _public(row, comparison, in_use=row.in_use)


def _public(
    row: Row[Any] | tables.LearnedModel, comparison: Comparison, *, in_use: bool
) -> LessonPublic:
    return LessonPublic(
        id=row.id,
        field=TriageField(row.field),
        learned_at=row.created_at,
        n_decided=row.examples,
        n_learned_from=comparison.n_train,
        n_held_out=comparison.n_held_out,
        rules_accuracy=comparison.rules_accuracy,
        learned_accuracy=comparison.model_accuracy,
        rules_error=comparison.rules_error,
        learned_error=comparison.model_error,
        learned_nearer=comparison.model_nearer,
        rules_nearer=comparison.rules_nearer,
        p_value=comparison.p_value,
        calibration_error=comparison.calibration_error,
        in_use=in_use,
    )
