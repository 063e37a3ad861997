"""A single ticket is changed in place, unfolded, deleted and restored."""

import pytest
from sqlalchemy import select

from harness.actors import in_browser, over_rest
from tests.services.desk import all_tickets, changed, events_of, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Page, Tabs
from ticket_app import theme
from ticket_app.data.engine import write_transaction
from ticket_app.data.triage.tables import Suggestion
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.state.figures.figures import Figures
from ticket_app.state.notices import Notice
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.detail import SHOWN, UNFOLDED_MAX, Detail
from ticket_app.state.tickets.queue import Queue

pytestmark = pytest.mark.anyio


def statuses(page: Page) -> dict[int, str]:
    """Returns the status of every ticket that the page shows, by id."""
    return {row["id"]: row["status"] for row in page.shown(Queue)["rows"]}


async def test_a_status_changed_in_place_moves_the_figures(tabs: Tabs) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/")
    assert (page.shown(Figures)["open"], page.shown(Figures)["resolved"]) == ("1", "0")
    await page.do(TicketActions.change(ticket.id, "status", "resolved", 1, ticket.version))
    await page.until(lambda: page.shown(Figures)["resolved"] == "1")
    assert page.shown(Figures)["open"] == "0"
    await page.until(lambda: statuses(page) == {ticket.id: "resolved"})
    assert {event.edge for event in events_of(ticket.id)[1:]} == {"browser"}


async def test_a_change_of_a_field_without_a_word_is_told(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(theme.FIELD_WORDS, "requester_name")
    ticket = opened()
    page = await tabs.open("/")
    await page.do(TicketActions.change(ticket.id, "requester_name", "Ana", 1, ticket.version))
    assert page.shown(Notice)["said"] == f"Requester name of ticket {ticket.id} is saved: Ana."


async def test_the_figures_are_those_of_all_tickets(tabs: Tabs) -> None:
    opened(priority="high", category="billing")
    changed(opened(priority="high", category="account").id, status="resolved")
    page = await tabs.open("/?category=billing")
    shown = page.shown(Figures)
    assert (shown["all"], shown["open"], shown["resolved"]) == ("2", "1", "1")
    assert shown["breakdowns"]["priority"] == {"low": 0, "medium": 0, "high": 2, "critical": 0}
    categories = {"billing": 1, "technical": 0, "account": 1, "general": 0}
    assert shown["breakdowns"]["category"] == categories
    assert (len(shown["days"]), shown["days"][-1], shown["busiest"]) == (30, 2, 2)
    assert (shown["hours"], shown["per_day"]) == ("0.0 h", "2.0")


async def test_a_change_that_is_refused_is_told(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open("/")
    await page.do(TicketActions.change(ticket.id, "status", "finished", 1, ticket.version))
    assert page.shown(Notice)["text"].startswith("status: Use one of 'open'")
    assert page.shown(Notice)["failed"] is True
    await page.do(Notice.dismiss())
    assert page.shown(Notice)["text"] == ""
    assert all_tickets() == [ticket]


async def test_a_ticket_that_is_gone_is_told(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open("/")
    delete_ticket(over_rest(), ticket.id)
    await page.do(TicketActions.change(ticket.id, "status", "closed", 1, ticket.version))
    assert page.shown(Notice)["text"] == (
        f"There is no ticket {ticket.id}. It may have been deleted."
    )


async def test_a_deleted_ticket_can_be_brought_back(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open("/")
    await page.do(TicketActions.delete(ticket.id))
    assert all_tickets() == []
    await page.until(lambda: statuses(page) == {})
    notice = page.shown(Notice)
    assert (notice["text"], notice["undo_ticket"]) == (f"Ticket {ticket.id} is deleted.", ticket.id)
    await page.do(TicketActions.restore(ticket.id))
    assert [one.id for one in all_tickets()] == [ticket.id]
    await page.until(lambda: ticket.id in statuses(page))
    assert page.shown(Notice)["text"] == ""
    assert page.shown(Notice)["undo_ticket"] == 0


async def test_who_presses_delete_twice_is_told_of_one_deletion(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open("/")
    for _ in range(2):
        await page.do(TicketActions.delete(ticket.id))
    notice = page.shown(Notice)
    assert (notice["text"], notice["undo_ticket"]) == (f"Ticket {ticket.id} is deleted.", ticket.id)
    await page.do(TicketActions.delete(ticket.id + 1))
    assert page.shown(Notice)["undo_ticket"] == 0


async def test_without_a_database_nothing_changes_and_each_action_says_so(
    tabs: Tabs, file: Database
) -> None:
    ticket = opened()
    page = await tabs.open("/")
    for action in (
        TicketActions.change(ticket.id, "status", "closed", 1, ticket.version),
        TicketActions.delete(ticket.id),
        TicketActions.restore(ticket.id),
        Detail.unfold(ticket.id),
    ):
        await page.do(Notice.dismiss())
        with file.away():
            await page.do(action)
        assert AWAY in page.shown(Notice)["text"]
    assert all_tickets() == [ticket]


def text_of(parts: list[dict[str, str]]) -> str:
    return "".join(part["text"] for part in parts)


async def test_an_unfolded_ticket_tells_its_text_its_history_and_its_suggestions(
    tabs: Tabs,
) -> None:
    text = "The first line.\n" + "More of it. " * 50
    ticket = opened(description=text, requester_name="Ana", requester_email="ana@example.com")
    changed(ticket.id, in_browser(), status="in_progress")
    changed(ticket.id, description=f"{text} Rewritten.")
    page = await tabs.open("/")
    await page.do(Detail.unfold(ticket.id))
    shown = page.shown(Detail)["unfolded"][str(ticket.id)]
    assert text_of(shown["description"]) == f"{text} Rewritten."
    assert (shown["requester_name"], shown["requester_email"]) == ("Ana", "ana@example.com")
    moved, filed = shown["history"][-2:]
    assert (moved["what"], moved["old"], moved["new"]) == ("Status", "Open", "In progress")
    assert (filed["what"], filed["new"]) == ("Filed", "")
    assert filed["at"] == ticket.created_at.isoformat()
    assert "Description rewritten" in [line["what"] for line in shown["history"]]
    assert moved["note"] == "in the browser"
    assert "Category" in [line["what"] for line in shown["suggestions"]]
    assert all("Offline rules" in line["note"] for line in shown["suggestions"])
    await page.do(Detail.fold(ticket.id))
    assert page.shown(Detail)["unfolded"] == {}


async def test_a_suggestion_that_does_not_say_how_sure_it_is_is_told_without(tabs: Tabs) -> None:
    ticket = opened()
    with write_transaction() as session:
        for line in session.scalars(select(Suggestion)):
            line.confidence = None
    page = await tabs.open("/")
    await page.do(Detail.unfold(ticket.id))
    shown = page.shown(Detail)["unfolded"][str(ticket.id)]
    assert {line["note"] for line in shown["suggestions"]} == {"Offline rules"}


async def test_unfolding_another_ticket_folds_none_until_they_are_many(tabs: Tabs) -> None:
    filed = [opened().id for _ in range(UNFOLDED_MAX + 1)]
    page = await tabs.open("/")
    for ticket_id in filed:
        await page.do(Detail.unfold(ticket_id))
    assert list(page.shown(Detail)["unfolded"]) == [str(one) for one in filed[1:]]
    await page.do(Detail.fold(filed[2]))
    assert str(filed[2]) not in page.shown(Detail)["unfolded"]


async def test_a_long_history_is_cut(tabs: Tabs) -> None:
    ticket = opened(status="open")
    for _ in range(SHOWN):
        changed(ticket.id, status="closed")
        changed(ticket.id, status="open")
    page = await tabs.open("/")
    await page.do(Detail.unfold(ticket.id))
    history = page.shown(Detail)["unfolded"][str(ticket.id)]["history"]
    assert len(history) == SHOWN
    newest = history[0]
    assert (newest["old"], newest["new"]) == ("Closed", "Open")


async def test_an_unfolded_ticket_follows_changes_and_folds_when_it_goes(tabs: Tabs) -> None:
    ticket = opened()
    page = await tabs.open("/")
    await page.do(Detail.unfold(ticket.id))
    changed(ticket.id, description="Written anew.")

    def text() -> str:
        return text_of(page.shown(Detail)["unfolded"][str(ticket.id)]["description"])

    await page.until(lambda: text() == "Written anew.")
    delete_ticket(over_rest(), ticket.id)
    await page.until(lambda: page.shown(Queue)["rows"] == [])
    opened()
    await page.until(lambda: page.shown(Detail)["unfolded"] == {})
