"""The insights page shows the database's figures for a window of days, in the charts' form."""

from datetime import UTC, datetime, timedelta

import pytest

from harness.actors import over_rest
from tests.services.desk import PLAIN, changed, command_at, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Tabs
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.figures import ticket_insights
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.state.figures.insights import Insights

pytestmark = pytest.mark.anyio


def opened_days_ago(days: int) -> None:
    """File a ticket this many days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    open_ticket(command_at(at), TicketCreate.model_validate(PLAIN))


async def test_a_window_shows_its_own_days(tabs: Tabs) -> None:
    for days in (0, 10, 40, 100):
        opened_days_ago(days)
    page = await tabs.open("/insights")
    shown = page.shown(Insights)
    assert (shown["last_days"], len(shown["flow"]), shown["created"]) == (30, 30, "2")
    await page.do(Insights.choose(7))
    shown = page.shown(Insights)
    assert (shown["last_days"], len(shown["flow"]), shown["created"]) == (7, 7, "1")
    await page.do(Insights.choose(90))
    shown = page.shown(Insights)
    assert (shown["last_days"], len(shown["flow"]), shown["created"]) == (90, 90, "3")


@pytest.mark.parametrize("unknown", [8, 0, -7, 10**9, "30", None, [], {}, 7.5])
async def test_an_unknown_window_is_ignored(tabs: Tabs, unknown: object) -> None:
    opened()
    page = await tabs.open("/insights")
    before = page.shown(Insights)
    await page.send(Insights.event_handlers["choose"], last_days=unknown)
    assert page.shown(Insights) == before


async def test_each_series_says_what_the_service_says(tabs: Tabs) -> None:
    opened(priority="critical", category="billing")
    resolved = opened(priority="low", category="account")
    changed(resolved.id, status="resolved")
    page = await tabs.open("/insights")
    insights, shown = ticket_insights(over_rest(), 30), page.shown(Insights)
    assert shown["breakdowns"]["priority"] == [
        {"name": "Low", "count": 1, "fill": "var(--priority-low)"},
        {"name": "Medium", "count": 0, "fill": "var(--priority-medium)"},
        {"name": "High", "count": 0, "fill": "var(--priority-high)"},
        {"name": "Critical", "count": 1, "fill": "var(--priority-critical)"},
    ]
    for field, counts in insights.breakdowns.items():
        points = shown["breakdowns"][field]
        assert [point["count"] for point in points] == list(counts.values())
    assert [point["count"] for point in shown["urgency"]] == [one.count for one in insights.urgency]
    assert sum(point["count"] for point in shown["hours_to_resolve"]) == 1
    assert shown["flow"][-1] | {"day": ""} == {"day": "", "created": 2, "resolved": 1, "backlog": 1}
    assert (shown["created"], shown["resolved"], shown["backlog"]) == ("2", "1", "1")
    assert shown["hours"] == "0.0 h"


async def test_nothing_resolved_has_no_mean_time(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/insights")
    assert page.shown(Insights)["hours"] == "–"


async def test_a_change_reaches_an_open_page(tabs: Tabs) -> None:
    page = await tabs.open("/insights")
    opened()
    await page.until(lambda: page.shown(Insights)["created"] == "1")


async def test_a_database_that_is_away_is_told(tabs: Tabs, file: Database) -> None:
    with file.away():
        page = await tabs.open("/insights")
        assert AWAY in page.shown(Insights)["problem"]
    await page.do(Insights.choose(7))
    assert page.shown(Insights)["problem"] == ""
