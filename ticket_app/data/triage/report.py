"""Named queries of the triage report: suggestions against final values, and the cost of calls.

Each query reads the newest rows of a time window up to a bound: a rate over 20,000 tickets is as
good as one over a million.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlmodel import Session, col

from ticket_app.data.figures.queries import utc_day
from ticket_app.data.tickets.predicates import present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.tables import Suggestion, TriageCall
from ticket_app.vocabulary import (
    OWN_ENGINES,
    CallOutcome,
    CallPurpose,
    DecidedBy,
    Status,
    TriageField,
    TriageStatus,
)

TICKETS_MAX = 20_000
CALLS_MAX = 100_000
DESK_PURPOSES = (CallPurpose.SUGGEST, CallPurpose.IMPROVE, CallPurpose.DRAFT)
"""Purposes of the desk's own calls; a person starts replays and evaluations."""


def overrides(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Return rows of field, engine, n, overridden: the overrides of each engine's suggestions.

    `n` counts an engine's last suggestions for fields that a person set. It also counts, on tickets
    that are or were worked on, suggestions that were left in place, if they are the newest of all
    engines. `overridden` counts those of the first kind whose value differs from the person's.
    """
    latest, _ = _latest(since, (TriageField.CATEGORY, TriageField.PRIORITY))
    last_word = func.max(latest.c.id).over(partition_by=(latest.c.ticket_id, latest.c.field))
    spoken = select(latest, last_word.label("last_word")).subquery()
    value, decided_by = _final(spoken)
    by_person = decided_by == DecidedBy.PERSON
    left = and_(col(Ticket.status) != Status.OPEN, spoken.c.id == spoken.c.last_word)
    overridden = and_(by_person, spoken.c.value != value)
    return session.execute(
        select(
            spoken.c.field,
            spoken.c.engine,
            func.count().label("n"),
            func.sum(case((overridden, 1), else_=0)).label("overridden"),
        )
        .join(Ticket, col(Ticket.id) == spoken.c.ticket_id)
        .where(or_(by_person, left))
        .group_by(spoken.c.field, spoken.c.engine)
        .order_by(spoken.c.field, spoken.c.engine)
    ).all()


def agreement(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Return rows of field, engine, n, same: a provider's agreement with the desk's own engines.

    `n` counts a provider's last suggestions for fields with a suggestion of an own engine. If
    several own engines made one, the newest counts.
    """
    fields = (TriageField.CATEGORY, TriageField.PRIORITY, TriageField.SENTIMENT)
    latest, _ = _latest(since, fields)
    # A window function needs one pass; in a self-join SQLite would compare each row with each.
    group = (latest.c.ticket_id, latest.c.field)
    ours_first = (case((latest.c.engine.in_(OWN_ENGINES), 0), else_=1), latest.c.id.desc())

    def first(column: ColumnElement[str]) -> ColumnElement[str]:
        return func.first_value(column).over(partition_by=group, order_by=ours_first)

    compared = select(
        latest,
        first(latest.c.engine).label("our_engine"),
        first(latest.c.value).label("our_value"),
    ).subquery()
    key = (compared.c.field, compared.c.engine)
    return session.execute(
        select(
            *key,
            func.count().label("n"),
            func.sum(case((compared.c.value == compared.c.our_value, 1), else_=0)).label("same"),
        )
        .where(compared.c.engine.not_in(OWN_ENGINES), compared.c.our_engine.in_(OWN_ENGINES))
        .group_by(*key)
        .order_by(*key)
    ).all()


def calls(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Return rows of engine, model, prompt_version and figures of its calls.

    The figures are calls, answered, p50, p95, cost, unpriced, input_tokens and output_tokens. Only
    attempts count. Latencies are in milliseconds, of answers as well as of failures.
    """
    attempts = _attempts(since).subquery()
    group = (attempts.c.engine, attempts.c.model, attempts.c.prompt_version)
    ranked = select(
        attempts,
        func.row_number().over(partition_by=group, order_by=attempts.c.latency_ms).label("rank"),
        func.count().over(partition_by=group).label("ranks"),
    ).subquery()
    ok = ranked.c.outcome == CallOutcome.OK
    key = (ranked.c.engine, ranked.c.model, ranked.c.prompt_version)
    return session.execute(
        select(
            *key,
            func.count().label("calls"),
            func.sum(case((ok, 1), else_=0)).label("answered"),
            _percentile(ranked, 50).label("p50"),
            _percentile(ranked, 95).label("p95"),
            _sum_of_costs(ranked).label("cost"),
            func.sum(case((and_(ok, ranked.c.cost_nano_usd.is_(None)), 1), else_=0)).label(
                "unpriced"
            ),
            func.coalesce(func.sum(ranked.c.input_tokens), 0).label("input_tokens"),
            func.coalesce(func.sum(ranked.c.output_tokens), 0).label("output_tokens"),
        )
        .group_by(*key)
        .order_by(*key)
    ).all()


def outcomes(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Return rows of engine, outcome, count. The ledger has one refusal a minute at most."""
    made = _calls(since).subquery()
    return session.execute(
        select(made.c.engine, made.c.outcome, func.count().label("count"))
        .group_by(made.c.engine, made.c.outcome)
        .order_by(made.c.engine, func.count().desc(), made.c.outcome)
    ).all()


def cost_per_day(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Return rows of day, cost, calls for the UTC days with calls, over all attempts."""
    made = _attempts(since).limit(None).subquery()
    day = utc_day(session, made.c.created_at).label("day")
    return session.execute(
        select(day, _sum_of_costs(made).label("cost"), func.count().label("calls"))
        .group_by(day)
        .order_by(day)
    ).all()


def desk_cost(session: Session, since: datetime) -> Row[Any]:
    """Return one row: the cost of the desk's own calls, and the number of tickets created.

    Both are without a bound on rows, because a ratio of differently bounded numbers is wrong.
    """
    asked = _attempts(since).where(col(TriageCall.purpose).in_(DESK_PURPOSES))
    made = asked.limit(None).subquery()
    tickets = select(func.count()).where(present(), col(Ticket.created_at) >= since)
    return session.execute(
        select(
            select(_sum_of_costs(made)).scalar_subquery().label("cost"),
            tickets.scalar_subquery().label("tickets"),
        )
    ).one()


def triage_states(session: Session, since: datetime) -> dict[TriageStatus, int]:
    """Return the number of tickets of the window in each state of triage."""
    tickets = _tickets(since)
    rows = session.execute(
        select(tickets.c.triage_status, func.count().label("count")).group_by(
            tickets.c.triage_status
        )
    ).all()
    counted: dict[str, int] = {row[0]: row[1] for row in rows}
    return {known: counted.get(known, 0) for known in TriageStatus}


def _tickets(since: datetime) -> CTE:
    return (
        select(
            col(Ticket.id),
            col(Ticket.category),
            col(Ticket.priority),
            col(Ticket.status),
            col(Ticket.category_by),
            col(Ticket.priority_by),
            col(Ticket.triage_status),
        )
        .where(present(), col(Ticket.created_at) >= since)
        .order_by(col(Ticket.created_at).desc(), col(Ticket.id).desc())
        .limit(TICKETS_MAX)
        .cte("tickets")
    )


def _latest(since: datetime, fields: Sequence[TriageField]) -> tuple[CTE, CTE]:
    """Return the last suggestion per engine, field and ticket of the window, and these tickets."""
    tickets = _tickets(since)
    newest = (
        select(func.max(col(Suggestion.id)).label("id"))
        .join(tickets, tickets.c.id == col(Suggestion.ticket_id))
        .where(col(Suggestion.field).in_(fields))
        .group_by(col(Suggestion.ticket_id), col(Suggestion.field), col(Suggestion.engine))
        .subquery()
    )
    latest = (
        select(
            col(Suggestion.id),
            col(Suggestion.ticket_id),
            col(Suggestion.field),
            col(Suggestion.engine),
            col(Suggestion.value),
        )
        .join(newest, newest.c.id == col(Suggestion.id))
        .cte("latest")
    )
    return latest, tickets


def _final(spoken: Subquery) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Return the final value of a suggestion's field, and the column that says who decided it."""
    of_category = spoken.c.field == TriageField.CATEGORY
    return (
        case((of_category, col(Ticket.category)), else_=col(Ticket.priority)),
        case((of_category, col(Ticket.category_by)), else_=col(Ticket.priority_by)),
    )


def _calls(since: datetime) -> Select[TriageCall]:
    return (
        select(TriageCall)
        .where(col(TriageCall.created_at) >= since)
        .order_by(col(TriageCall.created_at).desc())
        .limit(CALLS_MAX)
    )


def _attempts(since: datetime) -> Select[TriageCall]:
    """Select calls that were made: refusals must not displace paid calls within the bound."""
    return _calls(since).where(col(TriageCall.attempt) > 0)


def _sum_of_costs(calls: Subquery) -> ColumnElement[int]:
    """Return the sum of the known costs, in billionths of a US dollar."""
    return func.coalesce(func.sum(calls.c.cost_nano_usd), 0)


def _percentile(ranked: Subquery, percent: int) -> ColumnElement[float]:
    """Return the percentile of the latency by the nearest-rank method."""
    rank = (ranked.c.ranks * percent + 99) // 100
    return func.max(case((ranked.c.rank == rank, ranked.c.latency_ms)))
