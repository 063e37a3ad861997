"""Named queries that weigh engines: what they proposed against what stands, what asking them cost.

Each looks at the newest rows of a window, up to a bound: a figure of 20,000 tickets is as good as
one of a million.
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
DESK_PURPOSES = (CallPurpose.SUGGEST, CallPurpose.IMPROVE)
"""What the desk asks by itself; replays and evaluations are a person's doing."""


def overrides(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Rows of field, engine, n, overridden: how often people chose otherwise.

    The n are an engine's last proposals for a field that a person set, and, on tickets that
    somebody works on or has worked on, the proposals that were left to stand: those of the engine
    that spoke last. Of the first, the ones with another value than the person's are overridden.
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
    """Rows of field, engine, n, same: how often a provider proposes what the desk itself does.

    Counted are a provider's last proposals for which there is one of the desk's own engines; where
    several of these have proposed, the last word of the desk is its newest.
    """
    fields = (TriageField.CATEGORY, TriageField.PRIORITY, TriageField.SENTIMENT)
    latest, _ = _latest(since, fields)
    # One pass. SQLite would compare each of these rows with each in a join with themselves.
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
    """Rows of engine, model, prompt_version, calls, answered, p50, p95, cost, unpriced, tokens.

    Attempts only; latencies are milliseconds, of answers as well as of failures.
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
    """Rows of engine, outcome, count; a refusal counts once a minute (the ledger)."""
    made = _calls(since).subquery()
    return session.execute(
        select(made.c.engine, made.c.outcome, func.count().label("count"))
        .group_by(made.c.engine, made.c.outcome)
        .order_by(made.c.engine, func.count().desc(), made.c.outcome)
    ).all()


def cost_per_day(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """Rows of day, cost, calls, for the UTC days that have any. Attempts only, and all of them."""
    made = _attempts(since).limit(None).subquery()
    day = utc_day(session, made.c.created_at).label("day")
    return session.execute(
        select(day, _sum_of_costs(made).label("cost"), func.count().label("calls"))
        .group_by(day)
        .order_by(day)
    ).all()


def desk_cost(session: Session, since: datetime) -> Row[Any]:
    """One row of cost and tickets: what the desk itself asked for, and the tickets created.

    Both without a bound on the rows: a share of two parts that are cut differently is no share.
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
    """How many tickets of the window stand in each state of triage."""
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
    """The last proposal of each engine for each of these fields of the window's tickets, and these
    tickets."""
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
    """What stands in the field of a proposal, and who decided it."""
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
    """Calls that were made: refusals must not crowd out what was paid for."""
    return _calls(since).where(col(TriageCall.attempt) > 0)


def _sum_of_costs(calls: Subquery) -> ColumnElement[int]:
    """Billionths of a US dollar, as far as known."""
    return func.coalesce(func.sum(calls.c.cost_nano_usd), 0)


def _percentile(ranked: Subquery, percent: int) -> ColumnElement[float]:
    """The smallest latency that so many percent do not exceed (nearest rank)."""
    rank = (ranked.c.ranks * percent + 99) // 100
    return func.max(case((ranked.c.rank == rank, ranked.c.latency_ms)))
