"""The report's queries return the right rows, without comparing each row with each other."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Row, case, delete, event, func, insert, select
from sqlmodel import Session, col

from tests.services.desk import opened
from ticket_app.data.engine import get_engine, read_transaction, write_transaction
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage import report as queries
from ticket_app.data.triage.tables import Suggestion, TriageCall
from ticket_app.vocabulary import OWN_ENGINES, TriageField

Query = Callable[[Session, datetime], Any]

SINCE = datetime.now(UTC) - timedelta(days=6)
VALUES = {
    TriageField.CATEGORY: ("billing", "technical", "account"),
    TriageField.PRIORITY: ("low", "medium", "high"),
    TriageField.SENTIMENT: ("calm", "neutral", "angry"),
    TriageField.TITLE: ("A title", "Another"),
}
QUERIES: tuple[Query, ...] = (
    queries.overrides,
    queries.agreement,
    queries.calls,
    queries.outcomes,
    queries.cost_per_day,
    queries.desk_cost,
    queries.triage_states,
)


def tickets(count: int) -> list[int]:
    """Returns the ids of this many new tickets without suggestions."""
    first = opened().id
    with write_transaction() as session:
        row = session.get_one(Ticket, first).model_dump(exclude={"id"})
        session.execute(insert(Ticket), [row] * (count - 1))
        session.execute(delete(Suggestion))
        return list(session.scalars(select(col(Ticket.id)).order_by(col(Ticket.id))))


def insert_suggestions(*proposals: tuple[int, TriageField, str, str]) -> None:
    """Insert suggestions in this order: ticket, field, engine and value."""
    with write_transaction() as session:
        for ticket_id, field, engine, value in proposals:
            session.add(
                Suggestion(
                    ticket_id=ticket_id,
                    field=field,
                    value=value,
                    confidence=0.5,
                    engine=engine,
                    model="m",
                    prompt_version="p",
                    latency_ms=1.0,
                    created_at=datetime.now(UTC),
                    evidence=(),
                )
            )
            session.flush()


def as_tuples(rows: Sequence[Row[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def agreement_in_python(session: Session) -> list[tuple[str, str, int, int]]:
    """Calculates `agreement` in Python: the last value of each engine against the desk's."""
    last: dict[tuple[int, str, str], str] = {}
    for row in session.scalars(select(Suggestion).order_by(col(Suggestion.id))):
        last[row.ticket_id, row.field, row.engine] = row.value
    count: Counter[tuple[str, str]] = Counter()
    same: Counter[tuple[str, str]] = Counter()
    for (ticket_id, field, engine), value in last.items():
        ours = last.get((ticket_id, field, "offline"))
        if engine != "offline" and ours is not None and field != TriageField.TITLE:
            count[field, engine] += 1
            same[field, engine] += value == ours
    return sorted((*key, n, same[key]) for key, n in count.items())


def agreement_by_join(session: Session) -> list[tuple[Any, ...]]:
    """Calculates `agreement` by its former self-join, each row against each."""
    fields = (TriageField.CATEGORY, TriageField.PRIORITY, TriageField.SENTIMENT)
    latest, _ = queries._latest(SINCE, fields)
    theirs, ours = latest.alias("theirs"), latest.alias("ours")
    key = (theirs.c.field, theirs.c.engine)
    same = func.sum(case((theirs.c.value == ours.c.value, 1), else_=0))
    joined = theirs.join(
        ours, (ours.c.ticket_id == theirs.c.ticket_id) & (ours.c.field == theirs.c.field)
    )
    return as_tuples(
        session.execute(
            select(*key, func.count(), same)
            .select_from(joined)
            .where(
                theirs.c.engine.not_in(OWN_ENGINES),
                ours.c.engine.in_(OWN_ENGINES),
            )
            .group_by(*key)
            .order_by(*key)
        ).all()
    )


@pytest.mark.usefixtures("database")
def test_agreement_is_what_comparing_each_with_each_says() -> None:
    random = Random(7)  # no secret
    engines = ("offline", "openai", "gemini")
    insert_suggestions(
        *(
            (ticket_id, field, engine, random.choice(values))
            for ticket_id in tickets(100)
            for field, values in VALUES.items()
            for engine in random.choices(engines, k=random.randint(0, 4))
        )
    )
    with read_transaction() as session:
        rows = as_tuples(queries.agreement(session, SINCE))
        assert len(rows) == 6
        assert rows == agreement_in_python(session) == agreement_by_join(session)


@pytest.mark.usefixtures("database")
def test_agreement_is_with_the_last_word_of_the_desk() -> None:
    """Rules and a learned model both suggested a value: the provider's value counts once."""
    one, _ = tickets(2)
    category = TriageField.CATEGORY
    insert_suggestions((one, category, "offline", "billing"), (one, category, "openai", "account"))
    insert_suggestions((one, category, "learned", "account"))
    with read_transaction() as session:
        assert as_tuples(queries.agreement(session, SINCE)) == [("category", "openai", 1, 1)]
    insert_suggestions((one, category, "offline", "billing"))
    with read_transaction() as session:
        assert as_tuples(queries.agreement(session, SINCE)) == [("category", "openai", 1, 0)]


@pytest.mark.usefixtures("database")
def test_refusals_crowd_no_money_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "CALLS_MAX", 5)
    with write_transaction() as session:
        for seconds, attempt in enumerate([1] * 3 + [0] * 20):
            session.add(
                TriageCall(
                    attempt=attempt,
                    outcome="ok" if attempt else "busy",
                    purpose="suggest",
                    engine="openai",
                    model="m",
                    prompt_version="p",
                    input_hash="0" * 64,
                    latency_ms=1.0,
                    input_tokens=1,
                    output_tokens=1,
                    cost_nano_usd=7 if attempt else None,
                    created_at=SINCE + timedelta(days=1, seconds=seconds),
                )
            )
    with read_transaction() as session:
        days = queries.cost_per_day(session, SINCE)
        assert [(day.cost, day.calls) for day in days] == [(21, 3)]
        assert queries.desk_cost(session, SINCE).cost == 21
        assert [row.cost for row in queries.calls(session, SINCE)] == [21]


def scans_of(query: Query) -> Iterator[int]:
    """Yields for each loop of the query's plan how many tables or results it scans."""
    statements: list[tuple[str, Any]] = []

    def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        statements.append((statement, parameters))

    event.listen(get_engine(), "before_cursor_execute", keep)
    with read_transaction() as session:
        query(session, SINCE)
        statement, parameters = statements[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [(row[1], row[3]) for row in plan]
    event.remove(get_engine(), "before_cursor_execute", keep)
    loops = Counter(loop for loop, step in steps if step.startswith("SCAN"))
    assert loops
    yield from loops.values()


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.__name__)
def test_no_query_compares_each_row_with_each(query: Query) -> None:
    assert max(scans_of(query)) == 1
