"""The websocket carries what the page shows, and no more."""

import json

import pytest

from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from ticket_app.state.figures.figures import Figures
from ticket_app.state.form.form import Form
from ticket_app.state.tickets.board import Board
from ticket_app.state.tickets.detail import Detail
from ticket_app.state.tickets.queue import PAGE, Queue

pytestmark = pytest.mark.anyio

ROW = {
    "id", "title", "excerpt", "category", "priority", "status", "sentiment", "urgency",
    "requester", "filed_at", "engine", "triage", "category_by", "priority_by", "version", "gone",
}  # fmt: skip


def received_text(page: Page) -> str:
    """Returns everything that the page has received, as text."""
    return json.dumps([page.deltas, page.browser_events], ensure_ascii=False)


async def use_everything(tabs: Tabs) -> Page:
    """Returns a page that has used most of its functions."""
    filed = [opened(title=f"Ticket {number}") for number in range(PAGE + 2)]
    page = await tabs.open("/?search=ticket")
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    await page.do(Form.describe("My card was charged twice, which nobody is to know yet."))
    await page.do(Form.submit({"title": "Card", "description": "Charged twice."}))
    await page.do(Detail.unfold(filed[0].id))
    await page.open("/board")
    await page.open("/insights")
    return page


async def test_no_backend_var_ever_travels(tabs: Tabs) -> None:
    page = await use_everything(tabs)
    names = {name for delta in page.deltas for state in delta.values() for name in state}
    assert names
    assert not [name for name in names if name.startswith("_")]
    kept = [name for state in (Queue, Form) for name in state.get_fields() if name.startswith("_")]
    assert {"_next", "_before", "_seen"} <= set(kept)
    assert not names & {f"{name}_rx_state_" for name in kept}


async def test_what_is_typed_does_not_come_back(tabs: Tabs) -> None:
    page = await use_everything(tabs)
    assert "which nobody is to know yet" not in received_text(page)


async def test_a_row_is_no_more_than_what_is_shown_of_a_ticket(tabs: Tabs) -> None:
    opened(
        description="The beginning. " + "word " * 100 + "the secret end",
        requester_name="Ana",
        requester_email="ana@example.com",
    )
    for address, state, rows in (("/", Queue, "rows"), ("/board", Board, "open")):
        page = await tabs.open(address)
        (row,) = page.shown(state)[rows]
        assert set(row) == ROW
        assert row["requester"] == "Ana"
        assert "the secret end" not in received_text(page)
        assert "ana@example.com" not in received_text(page)


async def test_a_folded_ticket_takes_its_text_along(tabs: Tabs) -> None:
    ticket = opened(description="The beginning. " + "word " * 100 + "the end")
    page = await tabs.open("/")
    await page.do(Detail.unfold(ticket.id))
    parts = page.shown(Detail)["unfolded"][str(ticket.id)]["description"]
    assert "".join(part["text"] for part in parts) == ticket.description
    other = await tabs.open("/")
    assert "the end" not in received_text(other)


async def test_a_page_is_sent_only_what_has_changed(tabs: Tabs) -> None:
    ticket = opened(status="open")
    opened(status="closed")
    page = await tabs.open("/?status=closed")
    before = len(page.deltas)
    changed(ticket.id, status="in_progress")
    await page.until(lambda: page.shown(Figures)["breakdowns"]["status"]["in_progress"] == 1)
    await page.until(lambda: any(Queue.get_full_name() in one for one in page.deltas[before:]))
    other = opened(status="closed")
    await page.until(lambda: page.shown(Queue)["rows"][0]["id"] == other.id)
    sent = page.deltas[before:]
    rows = [delta for delta in sent if "rows_rx_state_" in delta.get(Queue.get_full_name(), {})]
    assert len(rows) == 1
    first = next(delta for delta in sent if Figures.get_full_name() in delta)
    sent_of_figures = {name.removesuffix("_rx_state_") for name in first[Figures.get_full_name()]}
    assert sent_of_figures == {"breakdowns", "open", "loaded"}


async def test_the_first_answer_of_a_page_holds_no_ticket(tabs: Tabs) -> None:
    opened(title="Not yet")
    page = await tabs.open("/board")
    assert "Not yet" not in json.dumps(page.deltas[0])
    assert "Not yet" in received_text(page)
