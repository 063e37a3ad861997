"""The insights page shows charts, and the same numbers as tables."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from harness.actors import over_rest
from tests.browser.conftest import Chrome, Desk, Size
from tests.browser.locators import figure, row
from tests.services.desk import PLAIN, changed, command_at
from ticket_app.schemas.tickets import TicketCreate, TicketPublic
from ticket_app.services.figures import ticket_insights
from ticket_app.services.tickets.filing import open_ticket

CHARTS = 8


def filed(days_ago: int, **fields: str) -> TicketPublic:
    """Files a ticket this many days ago."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    return open_ticket(command_at(at), TicketCreate.model_validate(PLAIN | fields))


def table(page: Page, chart: str) -> dict[str, list[str]]:
    """Returns a chart's table: its rows by their first cell."""
    place = page.get_by_role("main").locator("section", has=page.get_by_role("heading", name=chart))
    place.get_by_text("As a table").click()
    lines = place.get_by_role("row").all()[1:]
    cells = [line.get_by_role("cell").all_inner_texts() for line in lines]
    return {first: rest for first, *rest in cells}


@pytest.mark.rest_in_prove("size")
def test_each_window_shows_its_own_figures(chrome: Chrome, desk: Desk, size: Size) -> None:
    for days_ago in (0, 1, 10, 40):
        filed(days_ago)
    page = chrome.page("/insights", size)
    expect(page.locator("svg.recharts-surface").first).to_be_visible()
    expect(page.locator("svg.recharts-surface:visible")).to_have_count(CHARTS)
    expect(figure(page, "Created")).to_have_text("3")
    for window, created in (("7 days", "2"), ("90 days", "4"), ("30 days", "3")):
        page.get_by_role("button", name=window).click()
        expect(figure(page, "Created")).to_have_text(created)
        expect(page.get_by_role("button", name=window)).to_have_attribute("aria-pressed", "true")
    assert desk.stats()["total_tickets"] == 4


def test_the_tables_hold_the_numbers_of_the_service(chrome: Chrome, desk: Desk) -> None:
    filed(0, priority="critical", category="billing")
    filed(2, priority="low", category="account")
    changed(filed(3, priority="low", category="account").id, status="resolved")
    page = chrome.page("/insights")
    expect(figure(page, "Created")).to_have_text("3")
    stats, insights = desk.stats(), ticket_insights(over_rest(), 30)
    by_priority = table(page, "by priority")
    assert by_priority == {"Low": ["2"], "Medium": ["0"], "High": ["0"], "Critical": ["1"]}
    for field in ("priority", "category", "status", "sentiment"):
        shown = table(page, f"by {field}") if field != "priority" else by_priority
        told_over_rest = stats[f"{field}_breakdown"]
        assert [int(count) for (count,) in shown.values()] == list(told_over_rest.values())
    by_day = [
        [int(count) for count in counts]
        for counts in table(page, "created, and resolved or closed, by day").values()
    ]
    assert by_day == [[day.created, day.resolved] for day in insights.days]
    assert sum(created for created, _ in by_day) == 3
    assert sum(int(count) for (count,) in table(page, "Time to resolve or close").values()) == 1
    expect(figure(page, "Backlog now")).to_have_text("2")


def test_a_change_moves_the_figures_without_a_reload(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file()
    page = chrome.page("/insights")
    expect(figure(page, "Backlog now")).to_have_text("1")
    desk.change(ticket["id"], status="closed")
    expect(figure(page, "Backlog now")).to_have_text("0")
    expect(figure(page, "Resolved or closed")).to_have_text("1")


def test_how_soon_people_are_answered_and_who_has_their_tickets(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file()
    page = chrome.page("/insights")
    table = page.get_by_role("region", name="Neither resolved nor closed, by assignee")
    expect(table.get_by_role("row", name="Nobody")).to_have_text("Nobody11")
    expect(figure(page, "Median first response")).to_have_text("–")
    desk.change(ticket["id"], assignee_id="me")
    desk.rest.post(f"/api/tickets/{ticket['id']}/messages/", json={"body": "We look into it."})
    expect(table.get_by_role("row", name="This desk")).to_have_text("This desk10")
    expect(figure(page, "Waiting for an answer")).to_have_text("0")
    expect(figure(page, "Median first response")).to_have_text("0 min")
    table.get_by_role("link", name="This desk").click()
    expect(row(page, ticket["id"])).to_be_visible()


def test_charts_keep_their_colours_in_the_dark(chrome: Chrome, desk: Desk) -> None:
    desk.file(priority="critical")
    page = chrome.page("/insights", color_scheme="dark")
    bar = page.locator("path[fill='var(--priority-critical)']").first
    expect(bar).to_be_visible()
    dark = bar.evaluate("one => getComputedStyle(one).fill")
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_class(re.compile("light"))
    assert bar.evaluate("one => getComputedStyle(one).fill") != dark


def test_only_this_page_loads_the_charts(chrome: Chrome, desk: Desk) -> None:
    def scripts(path: str) -> set[str]:
        page = chrome.page("about:blank")
        loaded: set[str] = set()
        page.on("request", lambda request: loaded.add(request.url))
        page.goto(f"{desk.url}{path}")
        page.wait_for_load_state("networkidle")
        return {url for url in loaded if url.endswith(".js")}

    def with_charts(urls: set[str]) -> set[str]:
        return {url for url in urls if "recharts-" in desk.rest.get(url).text}

    assert with_charts(scripts("/insights"))
    for path in ("/", "/board"):
        loaded = scripts(path)
        assert loaded
        assert with_charts(loaded) == set()


@pytest.mark.rest_in_prove("size")
def test_how_far_the_triage_can_be_trusted(chrome: Chrome, size: Size) -> None:
    ticket = filed(0, description="The wallpaper of the start page is blue.")
    changed(ticket.id, category="billing")
    page = chrome.page("/insights", size)
    table = page.get_by_role("region", name="Suggestions that people changed")
    row = table.get_by_role("row", name="Category")
    expect(row).to_contain_text("Offline rules")
    expect(row).to_contain_text("100%")
    expect(page.get_by_text("No provider was asked in this window.")).to_be_visible()
