"""Every figure from the database equals a recount of the tickets that the lists show."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Literal, get_args

import pytest
from sqlalchemy import create_engine, text

from harness.actors import over_rest
from tests.conftest import kept_copy
from tests.services.desk import all_tickets, changed, opened, rest_at
from ticket_app.data.engine import get_engine, use_database, write_transaction
from ticket_app.data.figures import queries
from ticket_app.data.migrations import migrate
from ticket_app.data.people.tables import Person
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.figures import AssigneeCount, WindowDays
from ticket_app.schemas.tickets import TicketCreate, TicketFilter, TicketPublic, TicketUpdate
from ticket_app.services import figures
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.figures import (
    HOUR_LABELS,
    status_counts,
    ticket_insights,
    ticket_stats,
)
from ticket_app.services.tickets import listing
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import count_tickets
from ticket_app.vocabulary import FACETS, SETTLED, Category, Priority, Sentiment, Side, Status

pytestmark = pytest.mark.usefixtures("database")

POPULATION = 130
HOURS = (1, 4, 24, 72, 168)
EDGES_OF_GROUPS = (0, 9, 10, 19, 20, 89, 90, 99, 100)
WINDOWS: tuple[WindowDays, ...] = get_args(WindowDays)


_HISTORIES: dict[tuple[str, int], str] = {}
"""Databases whose tickets have a history; no test here changes one."""


@pytest.fixture(params=[11, 22])
def population(request: pytest.FixtureRequest, database: str) -> list[TicketPublic]:
    """Tickets of 120 days: resolved, reopened, deleted and restored, some on whole hours."""
    kind = get_engine().dialect.name, request.param
    if kind not in _HISTORIES:
        _live(Random(request.param))
        use_database(None)
        _HISTORIES[kind] = kept_copy(database)
    use_database(_HISTORIES[kind])
    tickets = all_tickets()
    assert POPULATION - 30 < len(tickets) < POPULATION + len(WINDOWS)
    return tickets


def _live(chance: Random) -> None:
    now = datetime.now(UTC)
    ids = [_with_history(chance, now).id for _ in range(POPULATION)]
    for ticket_id in chance.sample(ids, 30):
        delete_ticket(over_rest(), ticket_id)
        if chance.random() < 0.4:
            restore_ticket(over_rest(), ticket_id)
    _resolved_on_the_stroke_of_midnight(now)
    _resolved_by_a_clock_set_back(chance, ids)
    _scatter(chance, ids)
    _hand_out(chance, ids)


def _with_history(chance: Random, now: datetime) -> TicketPublic:
    """Returns a ticket that was filed some time ago, with its later changes."""
    moment = _some_time_ago(chance, now)
    new = {
        "title": "A", "description": "B", "status": chance.choice(list(Status)),
        "category": chance.choice(list(Category)), "priority": chance.choice(list(Priority)),
    }  # fmt: skip
    ticket = open_ticket(rest_at(moment), TicketCreate.model_validate(new))
    for _ in range(chance.randrange(4)):
        moment += timedelta(hours=chance.choice([*HOURS, chance.uniform(0.01, 200)]))
        if moment < now and chance.random() < 0.5:
            update = TicketUpdate(status=chance.choice(list(Status)))
            ticket = update_ticket(rest_at(moment), ticket.id, update)
        elif moment < now:
            said = {"body": "C", "from": chance.choice(list(Side))}
            post_message(rest_at(moment), ticket.id, MessageCreate.model_validate(said))
    return ticket


def _some_time_ago(chance: Random, now: datetime) -> datetime:
    moment = now - timedelta(days=chance.uniform(0, 120))
    if chance.random() < 0.2:
        # The first moment of a day, which might be counted for the wrong day.
        return datetime.combine(moment, time.min, UTC)
    return moment


def _resolved_on_the_stroke_of_midnight(now: datetime) -> None:
    """At the boundary of each window: the resolution must count as inside."""
    for window in WINDOWS:
        midnight = datetime.combine(now - timedelta(days=window - 1), time.min, UTC)
        new = TicketCreate(title="A", description="B")
        ticket = open_ticket(rest_at(midnight - timedelta(hours=30)), new)
        update_ticket(rest_at(midnight), ticket.id, TicketUpdate(status=Status.RESOLVED))


def _resolved_by_a_clock_set_back(chance: Random, ids: Iterable[int]) -> None:
    """Some tickets are resolved or answered days before they were filed, as another program might
    write it."""
    with write_transaction() as session:
        for ticket_id in chance.sample(list(ids), 20):
            ticket = session.get_one(Ticket, ticket_id)
            before = ticket.created_at - timedelta(hours=chance.choice(HOURS))
            ticket.resolved_at = ticket.resolved_at and before
            ticket.first_responded_at = ticket.first_responded_at and before


def _scatter(chance: Random, ids: Iterable[int]) -> None:
    """Sets urgency and sentiment as engines might, including the boundaries of the groups."""
    with get_engine().begin() as connection:
        for ticket_id in ids:
            urgency = chance.choice([*EDGES_OF_GROUPS, chance.randrange(101)])
            connection.execute(
                text("UPDATE ticket SET urgency_score = :u, sentiment = :s WHERE id = :id"),
                {"u": urgency, "s": chance.choice(list(Sentiment)), "id": ticket_id},
            )


def _hand_out(chance: Random, ids: Iterable[int]) -> None:
    """Gives some tickets, settled ones among them, to one of three people."""
    with write_transaction() as session:
        people = [Person(name=name, role="agent") for name in ("Ann", "Bo", "Cy")]
        session.add_all(people)
        session.flush()
        for ticket_id in ids:
            ticket = session.get_one(Ticket, ticket_id)
            ticket.assignee_id = chance.choice([None, *(person.id for person in people)])


def counted(tickets: Iterable[TicketPublic], field: str, values: type[Any]) -> dict[Any, int]:
    counts = Counter(getattr(ticket, field) for ticket in tickets)
    return {value: counts[value] for value in values}


Moment = Literal["resolved_at", "first_responded_at"]


def seconds_to(ticket: TicketPublic, moment: Moment) -> float:
    """Returns 0 if the clock was set back between the filing and the moment."""
    return (from_filing(ticket, moment) - ticket.created_at).total_seconds()


def from_filing(ticket: TicketPublic, moment: Moment) -> datetime:
    """Returns when it was resolved or answered first, but no earlier than it was filed."""
    at = getattr(ticket, moment)
    assert isinstance(at, datetime)
    return max(at, ticket.created_at)


def mean_hours(tickets: Iterable[TicketPublic], moment: Moment = "resolved_at") -> Any:
    seconds = [seconds_to(ticket, moment) for ticket in tickets if getattr(ticket, moment)]
    return pytest.approx(sum(seconds) / len(seconds) / 3600, abs=0.0051) if seconds else None


def of_days(tickets: Iterable[TicketPublic], moment: Moment, since: date) -> list[TicketPublic]:
    """Returns the tickets that were resolved or answered first on that UTC day or later."""
    reached = (ticket for ticket in tickets if getattr(ticket, moment))
    return [ticket for ticket in reached if from_filing(ticket, moment).date() >= since]


def hour_group(ticket: TicketPublic) -> str:
    # SQLite's times have a precision of milliseconds.
    millis = round(seconds_to(ticket, "resolved_at") * 1000)
    return HOUR_LABELS[sum(millis >= bound * 3_600_000 for bound in HOURS)]


def last_days(count: int) -> set[tuple[date, ...]]:
    """Returns the window as of now, and as of a moment ago in case midnight just passed."""
    moments = (datetime.now(UTC) - timedelta(minutes=back) for back in (0, 5))
    return {
        tuple(moment.date() - timedelta(days=back) for back in reversed(range(count)))
        for moment in moments
    }


def test_statistics_equal_a_recount(population: list[TicketPublic]) -> None:
    stats = ticket_stats(over_rest())
    per_day = Counter(ticket.created_at.date() for ticket in population)
    assert stats.total_tickets == len(population)
    assert stats.open_tickets == sum(t.status is Status.OPEN for t in population)
    assert stats.resolved_tickets == sum(t.status in SETTLED for t in population)
    assert stats.avg_tickets_per_day == round(len(population) / len(per_day), 2)
    assert stats.breakdowns["priority"] == counted(population, "priority", Priority)
    assert stats.breakdowns["category"] == counted(population, "category", Category)
    assert stats.breakdowns["status"] == counted(population, "status", Status)
    assert stats.breakdowns["sentiment"] == counted(population, "sentiment", Sentiment)
    assert status_counts(over_rest()) == stats.breakdowns["status"]
    mean_urgency = sum(t.urgency_score for t in population) / len(population)
    assert stats.avg_urgency_score == pytest.approx(mean_urgency, abs=0.0051)
    assert stats.mean_hours_to_resolve == mean_hours(population)
    assert stats.answered_tickets == sum(t.first_responded_at is not None for t in population) > 9
    assert stats.mean_hours_to_first_response == mean_hours(population, "first_responded_at")
    hours = [seconds_to(t, "first_responded_at") / 3600 for t in population if t.first_responded_at]
    assert stats.median_hours_to_first_response == pytest.approx(median(hours), rel=0.01)
    assert stats.waiting_tickets == sum(t.waiting_since is not None for t in population) > 9
    assert tuple(day.date for day in stats.tickets_per_day) in last_days(30)
    assert [day.count for day in stats.tickets_per_day] == [
        per_day[day.date] for day in stats.tickets_per_day
    ]


def test_the_tickets_of_each_assignee_equal_a_recount(population: list[TicketPublic]) -> None:
    nobody, *people = ticket_stats(over_rest()).assignee_breakdown
    assert (nobody.assignee_id, nobody.name) == (None, None)
    assert [each.name for each in sorted(people, key=id_of_one)] == ["Ann", "Bo", "Cy"]
    assert people == sorted(people, key=lambda each: (-each.tickets, id_of_one(each)))
    unsettled = [ticket for ticket in population if ticket.status not in SETTLED]
    for each in (nobody, *people):
        own = [ticket for ticket in unsettled if ticket.assignee_id == each.assignee_id]
        waiting = sum(ticket.waiting_since is not None for ticket in own)
        assert (each.tickets, each.waiting) == (len(own), waiting), each


def id_of_one(count: AssigneeCount) -> int:
    assert count.assignee_id is not None
    return count.assignee_id


@pytest.mark.parametrize("window", WINDOWS)
def test_insights_equal_a_recount(population: list[TicketPublic], window: WindowDays) -> None:
    insights = ticket_insights(over_rest(), window)
    days = [day.date for day in insights.days]
    assert tuple(days) in last_days(window)
    created = [t for t in population if t.created_at.date() >= days[0]]
    resolved = of_days(population, "resolved_at", days[0])
    answered = of_days(population, "first_responded_at", days[0])
    assert (insights.created, insights.resolved) == (len(created), len(resolved))
    assert insights.breakdowns["priority"] == counted(created, "priority", Priority)
    assert insights.breakdowns["category"] == counted(created, "category", Category)
    assert insights.breakdowns["status"] == counted(created, "status", Status)
    assert insights.breakdowns["sentiment"] == counted(created, "sentiment", Sentiment)
    assert insights.mean_hours_to_resolve == mean_hours(resolved)
    assert insights.responded == len(answered)
    assert insights.mean_hours_to_first_response == mean_hours(answered, "first_responded_at")
    tens = Counter(min(t.urgency_score // 10, 9) for t in created)
    assert [group.count for group in insights.urgency] == [tens[ten] for ten in range(10)]
    groups = Counter(hour_group(t) for t in resolved)
    assert {g.label: g.count for g in insights.hours_to_resolve} == {
        label: groups[label] for label in HOUR_LABELS
    }


@pytest.mark.parametrize("window", WINDOWS)
def test_the_flow_of_a_day_equals_a_recount(
    population: list[TicketPublic], window: WindowDays
) -> None:
    for day in ticket_insights(over_rest(), window).days:
        end = datetime.combine(day.date + timedelta(days=1), time.min, UTC)
        assert day.created == sum(t.created_at.date() == day.date for t in population)
        assert day.resolved == sum(
            t.resolved_at is not None and from_filing(t, "resolved_at").date() == day.date
            for t in population
        )
        assert day.backlog == sum(
            t.created_at < end and (t.resolved_at is None or from_filing(t, "resolved_at") >= end)
            for t in population
        )


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("early", [timedelta(0), timedelta(milliseconds=1)])
def test_a_group_of_hours_begins_at_its_bound(hours: int, early: timedelta) -> None:
    now = datetime.now(UTC)
    for minute in range(12):
        # Fractions of a day on purpose: a float difference of two days is not exact.
        filed = now - timedelta(hours=hours + 1, minutes=minute * 7, seconds=minute * 11)
        ticket = open_ticket(rest_at(filed), TicketCreate(title="A", description="B"))
        solved = filed + timedelta(hours=hours) - early
        update_ticket(rest_at(solved), ticket.id, TicketUpdate(status=Status.CLOSED))
    label = HOUR_LABELS[HOURS.index(hours) + (0 if early else 1)]
    counts = {
        group.label: group.count for group in ticket_insights(over_rest(), 90).hours_to_resolve
    }
    assert counts == dict.fromkeys(HOUR_LABELS, 0) | {label: 12}


def test_a_mean_of_a_window_is_of_the_tickets_resolved_in_it() -> None:
    now = datetime.now(UTC)
    for days, took in ((100, 99), (50, 1), (3, 1)):
        filed = now - timedelta(days=days)
        ticket = open_ticket(rest_at(filed), TicketCreate(title="A", description="B"))
        solved = filed + timedelta(days=took)
        update_ticket(rest_at(solved), ticket.id, TicketUpdate(status=Status.CLOSED))
    week = ticket_insights(over_rest(), 7)
    assert (week.created, week.resolved) == (1, 2)
    assert week.mean_hours_to_resolve == (99 + 1) / 2 * 24
    assert {g.label: g.count for g in week.hours_to_resolve if g.count} == {"1–3 d": 1, "> 7 d": 1}
    quarter = ticket_insights(over_rest(), 90)
    assert (quarter.created, quarter.resolved) == (2, 3)


def test_a_clock_set_back_makes_no_time_negative() -> None:
    now = datetime.now(UTC)
    for _ in range(2):
        ticket = open_ticket(rest_at(now), TicketCreate(title="A", description="B"))
        before, update = now - timedelta(hours=30), TicketUpdate(status=Status.CLOSED)
        assert update_ticket(rest_at(before), ticket.id, update).resolved_at == now
    with write_transaction() as session:  # as another program might write it
        session.execute(
            text("UPDATE ticket SET resolved_at = :at WHERE id = (SELECT max(id) FROM ticket)"),
            {"at": sql_time(now - timedelta(days=5))},
        )
    assert ticket_stats(over_rest()).mean_hours_to_resolve == 0
    assert ticket_insights(over_rest(), 7).mean_hours_to_resolve == 0
    assert [day.backlog for day in ticket_insights(over_rest(), 7).days] == [0] * 7
    assert [day.resolved for day in ticket_insights(over_rest(), 7).days] == [0] * 6 + [2]


def sql_time(moment: datetime) -> str:
    """Returns a time in a form that both databases accept in raw SQL."""
    zone = "" if get_engine().dialect.name == "sqlite" else "+00:00"
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}{zone}"


def resolved_after(hours: Iterable[float]) -> None:
    filed = datetime.now(UTC) - timedelta(days=400)
    with write_transaction() as session:
        session.add_all(
            Ticket(
                title="A",
                description="B",
                category="billing",
                priority="low",
                status="closed",
                created_at=filed,
                resolved_at=filed + timedelta(hours=taken),
            )
            for taken in hours
        )


def test_the_median_is_within_one_percent() -> None:
    chance = Random(5)
    all_hours: list[float] = []
    for _ in range(40):
        hours = [10 ** chance.uniform(-3, 3.9) for _ in range(chance.choice([1, 2, 3, 40]))]
        resolved_after(hours)
        all_hours += hours
        assert ticket_stats(over_rest()).median_hours_to_resolve == pytest.approx(
            median(all_hours), rel=0.01
        )


def test_what_took_less_than_a_second_has_a_median_of_nothing() -> None:
    now = datetime.now(UTC)
    opened(status="resolved")
    assert ticket_stats(over_rest()).median_hours_to_resolve == 0
    ticket = open_ticket(rest_at(now), TicketCreate(title="A", description="B"))
    update_ticket(rest_at(now), ticket.id, TicketUpdate(status=Status.CLOSED))
    assert ticket_stats(over_rest()).median_hours_to_resolve == 0


FILTERS: list[dict[str, Any]] = [
    {},
    {"status": ["open"]},
    {"status": ["open", "closed"], "priority": ["high"]},
    {"category": list(Category), "sentiment": ["angry", "calm"], "priority": ["low"]},
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_filter_without_a_search_is_counted_to_the_end(
    population: list[TicketPublic], wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SEARCH_COUNT_MAX", 5)
    matching = sum(
        all(getattr(ticket, field) in values for field, values in wanted.items())
        for ticket in population
    )
    assert count_tickets(over_rest(), TicketFilter(**wanted)) == (matching, False)
    found = count_tickets(over_rest(), TicketFilter(**wanted, search="b"))
    assert found == (min(matching, 5), matching > 5)


def changed_by_others() -> None:
    """Changes a ticket as another program does, on a connection outside the desk."""
    url = get_engine().url.render_as_string(hide_password=False)
    other = create_engine(url)
    with other.begin() as connection:
        connection.execute(text("UPDATE ticket SET status = 'in_progress'"))
    other.dispose()


def delete_all_and_roll_back() -> None:
    with write_transaction() as session:
        session.execute(text("UPDATE ticket SET deleted_at = created_at"))
        assert queries.totals(session).total == 0
        session.rollback()


def test_figures_are_computed_once_until_one_changes() -> None:
    ticket = opened(status="open")
    first = ticket_stats(over_rest())
    assert ticket_stats(over_rest()) is first
    changed(ticket.id, title=f"{ticket.title}.")  # no figure depends on it
    assert ticket_stats(over_rest()) is first
    changed_by_others()
    assert ticket_stats(over_rest()).breakdowns["status"][Status.IN_PROGRESS] == 1
    delete_ticket(over_rest(), ticket.id)
    assert ticket_stats(over_rest()).total_tickets == 0
    restore_ticket(over_rest(), ticket.id)
    assert ticket_stats(over_rest()).total_tickets == 1
    delete_all_and_roll_back()
    assert ticket_stats(over_rest()).total_tickets == 1


def test_a_day_that_turns_is_another_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    today = ticket_stats(over_rest()).tickets_per_day[-1]
    assert today.count == 1

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Tomorrow":
            return super().now(tz) + timedelta(days=1)

    monkeypatch.setattr(figures, "datetime", Tomorrow)
    *_, yesterday, last = ticket_stats(over_rest()).tickets_per_day
    assert yesterday == today
    assert (last.date, last.count) == (today.date + timedelta(days=1), 0)


def test_another_database_has_figures_of_its_own(tmp_path: Path) -> None:
    opened()
    assert ticket_stats(over_rest()).total_tickets == 1
    use_database(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    migrate()
    assert ticket_stats(over_rest()).total_tickets == 0


def test_an_empty_desk_has_zeros() -> None:
    stats = ticket_stats(over_rest())
    assert stats.model_dump(exclude={"tickets_per_day"}) == {
        "total_tickets": 0, "open_tickets": 0, "resolved_tickets": 0,
        "avg_tickets_per_day": 0.0, "avg_urgency_score": 0.0, "mean_hours_to_resolve": None,
        "median_hours_to_resolve": None, "answered_tickets": 0, "waiting_tickets": 0,
        "mean_hours_to_first_response": None, "median_hours_to_first_response": None,
        "assignee_breakdown": [{"assignee_id": None, "name": None, "tickets": 0, "waiting": 0}],
        "breakdowns": {field: dict.fromkeys(values, 0) for field, values in FACETS.items()},
    }  # fmt: skip
    assert [day.count for day in stats.tickets_per_day] == [0] * 30
    assert status_counts(over_rest()) == dict.fromkeys(Status, 0)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("prepare", [lambda: None, lambda: delete_ticket(over_rest(), opened().id)])
def test_insights_into_nothing_are_zeros(window: WindowDays, prepare: Callable[[], None]) -> None:
    prepare()
    insights = ticket_insights(over_rest(), window)
    assert len(insights.days) == window
    assert {(d.created, d.resolved, d.backlog) for d in insights.days} == {(0, 0, 0)}
    assert (insights.created, insights.resolved) == (0, 0)
    assert insights.mean_hours_to_resolve is insights.mean_hours_to_first_response is None
    assert {group.count for group in insights.urgency + insights.hours_to_resolve} == {0}
    for breakdown, values in (
        (insights.breakdowns["priority"], Priority), (insights.breakdowns["category"], Category),
        (insights.breakdowns["status"], Status), (insights.breakdowns["sentiment"], Sentiment),
    ):  # fmt: skip
        assert breakdown == dict.fromkeys(values, 0)
