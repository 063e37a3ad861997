"""While a person uses the list no row comes, goes or moves; changes wait."""

import pytest

from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.state.form.form import Form
from ticket_app.state.tickets import queue
from ticket_app.state.tickets.queue import PAGE, Queue

pytestmark = pytest.mark.anyio


def ids(page: Page) -> list[int]:
    return [row["id"] for row in page.shown(Queue)["rows"]]


def gone(page: Page) -> dict[int, str]:
    return {row["id"]: row["gone"] for row in page.shown(Queue)["rows"] if row["gone"]}


def waiting(page: Page) -> str:
    said: str = page.shown(Queue)["waiting"]
    return said


async def test_a_list_that_nobody_is_in_follows_at_once(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    newcomer = opened().id
    await page.until(lambda: newcomer in ids(page))
    assert waiting(page) == ""


@pytest.mark.parametrize("by", ["pointer", "focus"])
async def test_what_comes_waits_while_somebody_is_in_the_list(tabs: Tabs, by: str) -> None:
    shown = [opened(status="open").id for _ in range(3)][::-1]
    page = await tabs.open("/?status=open")
    await page.do(Queue.attend(by, True))
    newcomers = [opened(status="open").id for _ in range(2)]
    await page.until(lambda: waiting(page) == "2 new")
    assert ids(page) == shown
    changed(shown[1], title="Changed")
    await page.until(lambda: page.shown(Queue)["rows"][1]["title"] == "Changed")
    changed(shown[0], status="resolved")
    await page.until(lambda: gone(page) == {shown[0]: "Left this list"})
    delete_ticket(over_rest(), shown[2])
    await page.until(lambda: gone(page).get(shown[2]) == "Deleted")
    assert ids(page) == shown
    restore_ticket(over_rest(), shown[2])
    await page.until(lambda: shown[2] not in gone(page))
    await page.do(Queue.show_waiting())
    assert ids(page) == [*newcomers[::-1], *shown[1:]]
    assert (waiting(page), gone(page)) == ("", {})


async def test_rows_beyond_what_is_read_again_are_not_taken_for_gone(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MARGIN", 2)
    filed = [opened(title=f"Ticket {number}").id for number in range(PAGE + 5)]
    page = await tabs.open("/")
    await page.do(Queue.attend("pointer", True))
    for _ in range(4):
        opened()
    await page.until(lambda: waiting(page) == "4 new")
    assert ids(page) == filed[: -PAGE - 1 : -1]
    assert gone(page) == {}
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    assert ids(page) == filed[::-1]


async def test_ones_own_ticket_does_not_wait(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    await page.do(Queue.attend("pointer", True))
    await page.do(Form.submit({"title": "Mine", "description": "The one that I file."}))
    await page.until(lambda: page.shown(Queue)["rows"][0]["title"] == "Mine")


async def test_ones_own_ticket_moves_the_list_once(tabs: Tabs) -> None:
    shown = opened(status="closed").id
    page = await tabs.open("/?status=closed")
    await page.do(Queue.attend("pointer", True))
    await page.do(Form.submit({"title": "Mine", "description": "It is open: not in this list."}))
    await page.until(lambda: page.shown(Form).get("filed", 0) > shown)
    opened(status="closed")
    await page.until(lambda: waiting(page) == "1 new" or len(ids(page)) > 1)
    assert ids(page) == [shown]


async def test_a_list_that_was_left_follows_again_after_a_moment(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened()
    page = await tabs.open("/")
    await page.do(Queue.attend("pointer", True))
    await page.do(Queue.attend("focus", True))
    await page.do(Queue.attend("pointer", False))
    opened()
    await page.until(lambda: waiting(page) == "1 new")
    await page.do(Queue.attend("focus", False))
    opened()
    await page.until(lambda: waiting(page) == "2 new")
    monkeypatch.setattr(queue, "LINGER_SECONDS", 0.0)
    opened()
    await page.until(lambda: len(ids(page)) == 4)
    assert waiting(page) == ""


async def test_on_a_touch_screen_the_list_always_waits(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    await page.do(Queue.begin(True))
    opened()
    await page.until(lambda: waiting(page) == "1 new")
    await page.do(Queue.begin(False))
    opened()
    await page.until(lambda: len(ids(page)) == 3)


async def test_a_ticket_found_by_its_number_holds_still_too(tabs: Tabs) -> None:
    wanted = opened(status="closed")
    page = await tabs.open(f"/?status=open&search=%23{wanted.id}")
    await page.do(Queue.attend("pointer", True))
    changed(wanted.id, title="Changed")
    await page.until(lambda: page.shown(Queue)["rows"][0]["title"] == "Changed")
    assert (ids(page), gone(page), waiting(page)) == ([wanted.id], {}, "")


async def test_new_tickets_of_a_sorted_list_wait_above_its_last_row(tabs: Tabs) -> None:
    low, high = opened(priority="low").id, opened(priority="high").id
    page = await tabs.open("/?sort=urgent")
    assert ids(page) == [high, low]
    await page.do(Queue.attend("pointer", True))
    opened(priority="critical")
    await page.until(lambda: waiting(page) == "1 new")
    opened(priority="low", description="Whenever you like. Thank you!")
    changed(high, title="Changed")
    await page.until(lambda: page.shown(Queue)["rows"][0]["title"] == "Changed")
    assert (waiting(page), ids(page)) == ("1 new", [high, low])
