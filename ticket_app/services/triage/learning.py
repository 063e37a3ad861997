"""Learning from what people decided: one lesson at a time, and its model shared by all processes.

A lesson takes up to a minute of a core, so it is learned in a process of its own. Its turn has an
end: what a killed process held is free again by itself.
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

from ticket_app.data.engine import reading, writing
from ticket_app.data.triage import learning as queries
from ticket_app.data.triage import tables
from ticket_app.errors import TicketAppError
from ticket_app.services.triage.decisions import decisions, rules_say
from ticket_app.triage.learned import Learned, use_models
from ticket_app.triage.learning.comparison import Comparison
from ticket_app.triage.learning.examples import EXAMPLES_MIN, NotEnoughError
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.model import LearnedModel
from ticket_app.triage.learning.stored import DamagedModelError
from ticket_app.triage.learning.training import Lesson, learn
from ticket_app.vocabulary import TriageField, Verdict

FIELDS: tuple[LearnedField, ...] = ("category", "priority")
TURN = timedelta(minutes=15)
"""Longer than a learning process lives."""

GROWTH, GROWTH_MIN = 1.2, 50
"""A lesson is due when people have decided that many times as many tickets as at the last one, and
that many more."""

Seen = dict[LearnedField, int]
"""For each field whose model is in use, the id of the lesson that it is from."""

log = logging.getLogger(__name__)


class LessonPublic(BaseModel):
    """What was last learned of a field from people's decisions, against the rules.

    Both were asked about `n_held_out` tickets that neither had seen. Accuracies are shares of them,
    errors are mean distances from what people chose: a priority counts its steps, and every value
    alike. `p_value` is the chance to do so well by luck; `calibration_error` how far confidence and
    share of right proposals lie apart. `in_use` says that it proposes this field's values now.
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
    """People have decided too little for a lesson yet."""

    code = "not_enough_decisions"


class LearningBusyError(TicketAppError):
    """Another process learns now, or this one took longer than its turn."""

    code = "learning_busy"


def fields_due() -> list[LearnedField]:
    """The fields for which people have decided enough since they were last learned.

    None while some process learns: what is due then is looked at again later.
    """
    with reading() as session:
        if any(turn.held_until > datetime.now(UTC) for turn in queries.turns(session)):
            return []
        return [field for field in FIELDS if _is_due(session, field)]


def learn_from_decisions(field: LearnedField) -> LessonPublic:
    """Learn the field, compare with the rules, and put the model in use if it is better.

    If it is not, none of this field is in use any longer. Takes up to a minute. Raises
    NotEnoughDecisionsError, and LearningBusyError while another process learns.
    """
    with _turn(field) as turn:
        try:
            examples = decisions(field)
            lesson = learn(field, examples, partial(rules_say, field))
        except NotEnoughError as error:
            with writing() as session:
                _note_decided(session, turn)
            raise NotEnoughDecisionsError(str(error)) from None
        return _keep(turn, lesson, len(examples))


def refresh_models(seen: Seen) -> Seen:
    """Let this process work with the models in use, where they differ from the lessons `seen`.

    Returns the lessons seen now. A model that is damaged is logged, and the rules stay.
    """
    with reading() as session:
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
    """The newest lesson of each field; none of a field that was never learned."""
    with reading() as session:
        found = [_shown(row) for row in queries.newest_lessons(session)]
    return [lesson for lesson in found if lesson is not None]


class _Turn(NamedTuple):
    """This process's turn; no two have the same end."""

    field: LearnedField
    until: datetime
    decided: int


@contextmanager
def _turn(field: LearnedField) -> Iterator[_Turn]:
    """The one turn to learn that there is, given back whatever happens in the block."""
    with writing() as session:
        now = datetime.now(UTC)
        rows = {row.field: row for row in queries.lock_turns(session)}
        for row in rows.values():
            if row.held_until > now:
                raise LearningBusyError(
                    f"Another process is learning the {row.field}. It ends by "
                    f"{row.held_until:%H:%M:%S} UTC; try again then, if not before."
                )
        turn = _Turn(field, now + TURN, queries.count_decided(session, field))
        rows[field].held_until = turn.until
    try:
        yield turn
    finally:
        _give_back(turn)


def _give_back(turn: _Turn) -> None:
    with writing() as session:
        if (row := _still_mine(session, turn)) is not None:
            row.held_until = datetime.now(UTC)


def _still_mine(session: Session, turn: _Turn) -> tables.LearningTurn | None:
    rows = {row.field: row for row in queries.lock_turns(session)}
    row = rows[turn.field]
    return row if row.held_until == turn.until else None


def _note_decided(session: Session, turn: _Turn) -> None:
    """The next lesson is due when people have decided enough beyond what this one counted."""
    if (row := _still_mine(session, turn)) is None:
        raise LearningBusyError(
            f"Learning the {turn.field} took longer than {TURN}, so nothing was kept of it."
        )
    row.decided = turn.decided


def _keep(turn: _Turn, lesson: Lesson, examples: int) -> LessonPublic:
    """Write the lesson down; with the same commit the field's former model is out of use."""
    comparison = lesson.comparison
    row = tables.LearnedModel(
        field=turn.field,
        created_at=datetime.now(UTC),
        examples=examples,
        verdict=Verdict.BETTER if comparison.beats else Verdict.NOT_BETTER,
        comparison=comparison.model_dump_json(),
        model=lesson.model.to_bytes() if comparison.beats else None,
    )
    with writing() as session:
        _note_decided(session, turn)
        queries.put_out_of_use(session, turn.field)
        session.add(row)
        session.flush()
        return _public(row, comparison, in_use=comparison.beats)


def _is_due(session: Session, field: LearnedField) -> bool:
    before = next(turn.decided for turn in queries.turns(session) if turn.field == field)
    decided = queries.count_decided(session, field)
    return decided >= max(EXAMPLES_MIN, before * GROWTH, before + GROWTH_MIN)


def _model(field: str, lesson: int, data: bytes) -> LearnedModel | None:
    """The model in these bytes, if there is one of this field."""
    try:
        model = LearnedModel.from_bytes(data)
    except DamagedModelError as error:
        log.warning("lesson %d is of no use, the rules decide the %s: %s", lesson, field, error)
        return None
    if model.field != field:
        log.warning("lesson %d is of no use: it holds a model of another field", lesson)
        return None
    return model


def _shown(row: Row[Any]) -> LessonPublic | None:
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
