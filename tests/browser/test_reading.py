"""Every text is readable: translated, from right to left, and in full length."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Chrome, Desk, Size, react_text_nodes
from tests.browser.interaction import CLIPPED_BY
from tests.browser.locators import (
    category,
    column,
    description,
    figure,
    form,
    row,
    rows,
    status_of,
    title,
)
from tests.services.desk import suggestions_of
from ticket_app.data.engine import write_transaction
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.tables import Suggestion

TABLET: Size = {"viewport": {"width": 1024, "height": 768}}

TRANSLATE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (!text.data.trim() || text.parentElement.closest('script, style, textarea')) continue;
    const outer = document.createElement('font'), inner = document.createElement('font');
    inner.textContent = text.data;
    outer.append(inner);
    text.replaceWith(outer);
  }
}"""
"""Changes a page as a browser's translator does, but keeps the words."""


def translate(page: Page) -> None:
    """Translate the page, after a check that React owns no text node that would break."""
    assert react_text_nodes(page) == []
    page.evaluate(TRANSLATE)


def test_a_translated_desk_goes_on_updating(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Watched", status="open", priority="low", requester_name="Ana")
    page = chrome.page("/")
    page.get_by_role("button", name="Watched").click()
    this = row(page, ticket["id"])
    expect(this).to_contain_text("Suggested, and why")
    translate(page)
    desk.change(ticket["id"], title="Rewritten", description="Quite another text.")
    desk.change(ticket["id"], status="in_progress", priority="critical", category="account")
    expect(this.get_by_role("button", name="Rewritten")).to_be_visible()
    expect(this).to_contain_text("Quite another text.")
    expect(this).to_contain_text("Status: Open → In progress")
    expect(this.locator(".row-priority")).to_have_text("Critical")
    expect(this.locator(".tag")).to_have_text("Account")
    expect(figure(page, "Open")).to_have_text("0")
    translate(page)
    other = desk.file(title="Filed meanwhile")
    page.get_by_role("button", name="1 new").click()
    expect(row(page, other["id"])).to_contain_text("Filed meanwhile")
    expect(figure(page, "All tickets")).to_have_text("2")
    this.get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_count(1)
    translate(page)
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".notice")).to_have_count(0)
    page.get_by_label("Search tickets").fill("nothing like this")
    expect(page.get_by_text("No ticket matches")).to_be_visible()
    translate(page)
    page.get_by_label("Search tickets").fill("")
    expect(rows(page)).to_have_count(2)


def test_a_translated_form_goes_on_suggesting(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/")
    title(page).fill("")
    form(page).get_by_role("button", name="File ticket").click()
    expect(form(page).locator("#title-error")).not_to_be_empty()
    translate(page)
    description(page).fill("My card was charged twice for one invoice.")
    expect(category(page)).to_have_value("billing")
    form(page).get_by_role("button", name="Suggest a title").click()
    expect(form(page).locator(".proposal")).to_contain_text("charged twice")
    translate(page)
    description(page).fill("The login page says error 500 since this morning.")
    expect(category(page)).not_to_have_value("billing")
    form(page).get_by_role("button", name="Suggest a title").click()
    expect(form(page).locator(".proposal")).to_contain_text("login page")
    form(page).get_by_role("button", name="Use it").click()
    expect(form(page).locator(".proposal")).to_have_count(0)
    translate(page)
    form(page).get_by_role("button", name="File ticket").click()
    expect(rows(page)).to_have_count(1)
    assert len(desk.tickets()) == 1


def test_a_translated_board_goes_on_updating(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Watched", status="open", priority="low")
    page = chrome.page("/board")
    expect(column(page, "Open")).to_contain_text("Watched")
    translate(page)
    desk.change(ticket["id"], title="Rewritten", priority="critical", category="account")
    expect(column(page, "Open")).to_contain_text("Rewritten")
    expect(column(page, "Open").locator("[data-priority]").first).to_have_text("Critical")
    desk.change(ticket["id"], status="resolved")
    expect(column(page, "Resolved")).to_contain_text("Rewritten")
    expect(column(page, "Open").get_by_role("heading")).to_have_text(re.compile("0$"))
    expect(column(page, "Resolved").get_by_role("heading")).to_have_text(re.compile("1$"))
    translate(page)
    status_of(page, ticket["id"]).select_option("closed")
    expect(column(page, "Closed")).to_contain_text("Rewritten")


def test_translated_insights_go_on_updating(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(category="billing")
    page = chrome.page("/insights")
    expect(figure(page, "Backlog now")).to_have_text("1")
    page.get_by_text("As a table").first.click()
    translate(page)
    desk.change(ticket["id"], status="closed", category="general")
    expect(figure(page, "Backlog now")).to_have_text("0")
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("row", name=re.compile("^Category")).first).to_be_visible()
    expect(figure(page, "Created")).to_have_text("1")
    translate(page)
    desk.file()
    expect(figure(page, "Created")).to_have_text("2")


ARABIC = "لا أستطيع فتح الفاتورة!"
HEBREW = "דנה"


def direction(place: Locator) -> str:
    """Returns the direction in which a text runs."""
    found: str = place.evaluate("one => getComputedStyle(one).direction")
    return found


def test_texts_of_a_person_run_in_their_own_direction(chrome: Chrome, desk: Desk) -> None:
    text = "خصمتم من بطاقتي مرتين؟ error 500"
    ticket = desk.file(title=ARABIC, description=text, requester_name=HEBREW, status="open")
    desk.change(ticket["id"], requester_name="Ana")
    page = chrome.page("/")
    this = row(page, ticket["id"])
    this.get_by_role("button", name=ARABIC).click()
    expect(this.get_by_role("heading", name="History")).to_be_visible()
    assert direction(this.get_by_text(ARABIC)) == "rtl"
    for one in this.get_by_text(text).all():  # the excerpt and the full text
        assert direction(one) == "rtl"
    old = this.get_by_text(HEBREW, exact=True)
    assert direction(old) == "rtl"
    assert direction(old.locator("..")) == "ltr"  # the line as a whole: "Requester: ... → Ana"
    assert old.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    for quote in this.locator(".why bdi").all():
        assert quote.get_attribute("dir") in (None, "auto")
    page.goto("/board")
    card = column(page, "Open").get_by_text(ARABIC)
    expect(card).to_be_visible()
    assert direction(card) == "rtl"


FIELDS = "input:not([type=checkbox], [hidden]), textarea"


def test_fields_take_both_directions_and_a_phone_does_not_zoom(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Small")
    page = chrome.page("/", PHONE)
    page.get_by_role("button", name="Small").click()
    expect(page.get_by_label(f"Priority of ticket {ticket['id']}")).to_be_visible()
    page.get_by_role("button", name="New ticket").click()
    expect(title(page)).to_be_visible()
    assert react_text_nodes(page) == []  # in the sheet as well
    _fields_fit_a_phone(page)
    page.goto("/board")
    expect(status_of(page, ticket["id"])).to_be_attached()
    _fields_fit_a_phone(page)
    page.goto("/insights")
    expect(figure(page, "Created")).to_have_text("1")
    _fields_fit_a_phone(page)


def _fields_fit_a_phone(page: Page) -> None:
    assert {one.get_attribute("dir") for one in page.locator(FIELDS).all()} == {"auto"}
    sizes = page.locator(f"{FIELDS}, select").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 16


WORDS = "A title of many words that goes on for longer than anybody would like it to, "
LONG = ((WORDS * 4)[:194] + "to end", ("Averylongword" * 20)[:194] + "to-end")


@pytest.mark.parametrize("shape", [DESKTOP, TABLET, PHONE], ids=["1440", "1024", "390"])
def test_a_long_title_can_be_read_to_its_end(chrome: Chrome, desk: Desk, shape: Size) -> None:
    for each in LONG:
        desk.file(
            title=each, description=f"{each}. {each}", status="open", requester_name=each[:100]
        )
    page = chrome.page("/", shape)
    for each in LONG:
        button = page.get_by_role("button", name=each)
        assert button.evaluate(CLIPPED_BY) == []
        button.click()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        assert button.evaluate(CLIPPED_BY) == []
        button.click()
        expect(page.get_by_role("heading", name="History")).to_be_hidden()
    page.get_by_role("button", name="New ticket").click()
    expect(title(page)).to_be_focused()
    description(page).fill(f"{LONG[1]} is broken")
    form(page).get_by_role("button", name="Suggest a title").click()
    proposal = form(page).locator(".proposal")
    expect(proposal).to_contain_text("Averylongword")
    assert proposal.evaluate(CLIPPED_BY) == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= shape["viewport"]["width"]
    page.goto("/board")
    for each in LONG:
        card = column(page, "Open").locator(".words", has_text=each)
        card.scroll_into_view_if_needed()
        assert card.evaluate(CLIPPED_BY) == []


def test_each_field_names_the_engine_that_proposed_its_value(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Down", description="Production is down for all users.")
    rules = suggestions_of(ticket["id"])
    (category,) = (one.value for one in rules if one.field == "category")
    with write_transaction() as session:
        for field, value, engine in (("category", category, "learned"), ("priority", "low", "x")):
            session.add(
                Suggestion(
                    ticket_id=ticket["id"], field=field, value=value, confidence=0.9, evidence=(),
                    engine=engine, model="lesson-1", prompt_version="1", latency_ms=1.0,
                )
            )  # fmt: skip
    page = chrome.page("/")
    this = row(page, ticket["id"])
    this.get_by_role("button", name="Down").click()
    fields = this.locator(".actions .field")
    expect(fields.filter(has_text="Category")).to_contain_text(
        "Suggested by This desk's own lessons"
    )
    expect(fields.filter(has_text="Priority")).to_contain_text("Suggested by Offline rules")


def many(count: int, **fields: Any) -> None:
    """Files enough tickets of today for a thousands separator."""
    with write_transaction() as session:
        session.add_all(
            Ticket(title="A", description="B", category="billing", priority="low", **fields)
            for _ in range(count)
        )


def test_thousands_are_set_apart_and_both_statuses_are_named(chrome: Chrome, desk: Desk) -> None:
    many(1300, status="open")
    many(1100, status="closed", resolved_at=datetime.now(UTC))
    page = chrome.page("/")
    expect(figure(page, "All tickets")).to_have_text("2,400")
    expect(figure(page, "Open")).to_have_text("1,300")
    expect(figure(page, "Resolved or closed")).to_have_text("1,100")
    expect(page.locator(".bar[data-status=closed] .number")).to_have_text("1,100")
    expect(page.locator(".bar[data-status=resolved] .number")).to_have_text("0")
    page.goto("/board")
    expect(column(page, "Open").get_by_role("heading")).to_have_text(re.compile("1,300$"))
    page.goto("/insights")
    expect(figure(page, "Resolved or closed")).to_have_text("1,100")
    charts = page.get_by_role("main").locator("section.chart")
    by_day = charts.filter(has_text="Tickets created, and resolved or closed, by day")
    ticks = by_day.locator(".recharts-cartesian-axis-tick-value")
    expect(ticks.filter(has_text=re.compile(r"^\d,\d00$")).first).to_be_visible()
    by_day.get_by_text("As a table").click()
    expect(by_day.get_by_role("row").last).to_contain_text(re.compile("2,400.*1,100"))
    expect(by_day.get_by_role("columnheader").first).to_have_text("Day (UTC)")
    labels = charts.filter(has_text="by priority").locator(".recharts-label-list text")
    expect(labels.first).to_have_text("2,400")
    chart = by_day.locator("svg.recharts-surface").first
    width = chart.evaluate("one => one.clientWidth")
    chart.hover(position={"x": width - 8, "y": 100})  # the last bar is today
    expect(by_day.locator(".recharts-tooltip-wrapper")).to_contain_text("2,400")
