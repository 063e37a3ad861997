"""The section about triage shows the report's figures in words."""

import pytest

from tests.services.desk import changed, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Tabs
from ticket_app.actor import Actor
from ticket_app.schemas.figures import WindowDays
from ticket_app.services.triage.report import TriageReport
from ticket_app.state.figures import triage_report
from ticket_app.state.figures.insights import Insights
from ticket_app.state.figures.triage_report import Report

pytestmark = pytest.mark.anyio


async def test_shares_and_their_intervals_are_shown_in_words(tabs: Tabs) -> None:
    for number in range(4):
        ticket = opened(description="The wallpaper is blue.")
        changed(ticket.id, category="account" if number else "general", status="closed")
    page = await tabs.open("/insights")
    await page.until(lambda: page.shown(Report)["loaded"])
    shown = page.shown(Report)
    category = next(row for row in shown["overruled"] if row["field"] == "Category")
    assert (category["engine"], category["n"]) == ("Offline rules", 4)
    assert category["share"] in ("75%", "100%")
    assert category["low"] < category["rate"] <= category["high"]
    assert (shown["engine"], shown["health"], shown["waiting"]) == ("Offline rules", "Ready", "0")
    assert (shown["agreeing"], shown["calls"], shown["failures"]) == ([], [], "")
    assert shown["lessons"] == []
    assert (shown["per_ticket"], shown["spent"]) == ("$0.00", "$0.00")


async def test_the_section_follows_the_window(tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = triage_report.triage_report

    def noted(actor: Actor, days: WindowDays) -> TriageReport:
        asked.append(days)
        return real(actor, days)

    monkeypatch.setattr(triage_report, "triage_report", noted)
    page = await tabs.open("/insights")
    await page.until(lambda: asked == [30])
    await page.do(Insights.choose(7))
    await page.do(Report.load())
    assert (asked[0], asked[-1]) == (30, 7)


async def test_a_report_that_cannot_be_had_says_so(tabs: Tabs, file: Database) -> None:
    page = await tabs.open("/insights")
    await page.until(lambda: page.shown(Report)["loaded"])  # nobody reads meanwhile
    with file.away():
        await page.do(Report.load())
        assert AWAY in page.shown(Report)["problem"]
    await page.do(Report.load())
    assert page.shown(Report)["problem"] == ""


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0.00"), (0.0000015, "$0.000002"), (0.01, "$0.01"), (1234.5, "$1,234.50")],
)
def test_a_call_that_costs_little_is_not_free(amount: float, shown: str) -> None:
    assert triage_report._dollars(amount) == shown
