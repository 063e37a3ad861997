"""The queue's filters are in the URL; its rows come in pages and follow every change."""

import pytest
from sqlalchemy import insert

from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Page, Tabs
from ticket_app.data.engine import write_transaction
from ticket_app.data.tickets import list_queries
from ticket_app.data.tickets.sorting import pages
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.state.tickets.queue import PAGE, ROWS_MAX, Queue

pytestmark = pytest.mark.anyio


def titles(page: Page) -> list[str]:
    """Returns the titles of the rows that the page shows."""
    return [row["title"] for row in page.shown(Queue)["rows"]]


def ids(page: Page) -> list[int]:
    """Returns the ids of the tickets that the page shows."""
    return [row["id"] for row in page.shown(Queue)["rows"]]


async def test_without_filters_every_ticket_newest_first(tabs: Tabs) -> None:
    first, second = opened(title="First"), opened(title="Second")
    page = await tabs.open("/")
    assert ids(page) == [second.id, first.id]
    assert page.shown(Queue)["matching"] == "2 tickets"


async def test_the_filters_come_from_the_address(tabs: Tabs) -> None:
    opened(title="Low", priority="low", category="billing")
    opened(title="High", priority="high", category="billing")
    opened(title="Critical", priority="critical", category="account")
    page = await tabs.open("/?priority=high&priority=critical&category=billing")
    assert titles(page) == ["High"]
    assert page.shown(Queue)["priority"] == ["high", "critical"]
    assert page.shown(Queue)["matching"] == "1 ticket"


OF_NO_TICKET = {
    "category": "account",
    "priority": "critical",
    "status": "closed",
    "sentiment": "angry",
    "requester": "999",
    "assignee": "999",
    "unanswered": "false",
    "search": "nowhere",
}
"""For each field of the filter a value that no ticket of `opened` has."""


@pytest.mark.parametrize("field", TicketFilter.model_fields)
async def test_every_field_of_the_filter_is_read_and_kept_in_the_address(
    tabs: Tabs, field: str
) -> None:
    opened()
    chosen = f"{field}={OF_NO_TICKET[field]}"
    page = await tabs.open(f"/?{chosen}")
    assert ids(page) == []
    await page.do(Queue.narrow("priority", "low", True))
    assert chosen in page.redirects[-1]


async def test_search_and_filters_combine(tabs: Tabs) -> None:
    opened(title="Printer in the hall", status="open")
    opened(title="Printer in the cellar", status="closed")
    opened(title="Coffee in the hall", status="open")
    page = await tabs.open("/?status=open&search=pRINTER")
    assert titles(page) == ["Printer in the hall"]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/?status=finished", "Use one of 'open', 'in_progress', 'resolved' or 'closed'"),
        ("/?priority=low&priority=urgent", "'critical'"),
        ("/?before=yesterday", "cursor"),
        (f"/?search={'x' * 201}", "Shorten this by 1"),
        ("/?search=%00", "Remove the characters that are not text"),
    ],
)
async def test_an_address_that_asks_the_impossible_says_so(
    tabs: Tabs, address: str, sentence: str
) -> None:
    opened()
    page = await tabs.open(address)
    shown = page.shown(Queue)
    assert sentence in shown["problem"]
    assert shown.get("rows", []) == []
    assert shown["loaded"]


async def test_an_impossible_address_takes_the_rows_of_the_one_before_away(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    assert len(ids(page)) == 1
    await page.follow("/?status=finished")
    assert page.shown(Queue)["problem"]
    assert ids(page) == []


async def test_toggling_goes_to_the_address_with_that_filter(tabs: Tabs) -> None:
    opened(title="Low", priority="low")
    opened(title="High", priority="high")
    page = await tabs.open("/?search=wallpaper")
    await page.do(Queue.narrow("priority", "high", True))
    assert page.redirects == ["/?priority=high&search=wallpaper"]
    await page.follow()
    assert titles(page) == ["High"]
    await page.do(Queue.narrow("priority", "low", True))
    await page.follow()
    assert page.redirects[-1] == "/?priority=high&priority=low&search=wallpaper"
    assert titles(page) == ["High", "Low"]
    await page.do(Queue.narrow("priority", "high", False))
    await page.do(Queue.seek(""))
    assert page.redirects[-2:] == [
        "/?priority=low&search=wallpaper",
        "/?priority=low",  # though the URL with the toggle has not been loaded yet
    ]


async def test_seeking_keeps_the_filters_and_quotes_what_was_typed(tabs: Tabs) -> None:
    opened(title="50 % off & more?", status="open")
    page = await tabs.open("/?status=open")
    await page.do(Queue.seek("% off & more?"))
    assert page.redirects == ["/?status=open&search=%25+off+%26+more%3F"]
    await page.follow()
    assert titles(page) == ["50 % off & more?"]
    assert page.shown(Queue)["search"] == "% off & more?"


async def test_a_search_from_another_page_leaves_a_way_back(tabs: Tabs) -> None:
    page = await tabs.open("/board")
    await page.do(Queue.seek("printer"))
    await page.follow()
    await page.do(Queue.seek("paper"))
    asked = [each for name, each in page.browser_events if name == "_redirect"]
    assert [each["replace"] for each in asked] == [False, True]


async def test_each_filter_is_a_step_of_the_history_and_typing_is_one(tabs: Tabs) -> None:
    def steps(page: Page) -> list[bool]:
        asked = [each for name, each in page.browser_events if name == "_redirect"]
        return [not each["replace"] for each in asked]

    page = await tabs.open("/")
    for event in (Queue.narrow("status", "open", True), Queue.seek("vp"), Queue.seek("vpn")):
        await page.do(event)
        await page.follow()
    assert steps(page) == [True, True, False]
    await page.follow("/?status=open")  # the way back
    await page.do(Queue.seek("paper"))
    await page.follow()
    await page.do(Queue.clear())
    assert steps(page) == [True, True, False, True, True]


async def test_a_choice_outlives_the_address_that_it_was_made_at(tabs: Tabs) -> None:
    page = await tabs.open("/")
    await page.do(Queue.narrow("status", "closed", True))
    await page.follow("/")  # it reconnects and loads this address, before it has left
    await page.do(Queue.narrow("status", "open", True))
    assert page.redirects[-1] == "/?status=closed&status=open"
    await page.follow()
    await page.follow("/")  # the way back
    assert page.shown(Queue)["status"] == []


async def test_a_number_leads_to_its_ticket_whatever_the_filters(tabs: Tabs) -> None:
    wanted = opened(title="Old", status="closed")
    said = opened(title=f"Like 000{wanted.id}", status="open")
    page = await tabs.open(f"/?status=open&search=%23{wanted.id}")
    assert (ids(page), page.shown(Queue)["led"]) == ([wanted.id], wanted.id)
    assert page.shown(Queue)["matching"] == f"Ticket {wanted.id}"
    page = await tabs.open(f"/?status=open&search=000{wanted.id}")
    assert ids(page) == [wanted.id, said.id]
    assert page.shown(Queue)["matching"] == f"Ticket {wanted.id}; in texts 1 ticket"


async def test_an_address_leads_to_its_owners_tickets(tabs: Tabs) -> None:
    mine = [opened(requester_email="ana@example.com").id for _ in range(PAGE + 2)]
    opened()
    page = await tabs.open("/?search=Ana%40example.com")
    assert page.shown(Queue)["matching"] == f"{PAGE + 2} tickets of Ana@example.com"
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    assert ids(page) == mine[::-1]


async def test_only_what_a_person_filters_is_read_out(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    opened()
    await page.until(lambda: page.shown(Queue)["matching"] == "2 tickets")
    assert page.shown(Queue)["found"] == "1 ticket"
    await page.do(Queue.narrow("status", "closed", True))
    await page.follow()
    assert page.shown(Queue)["found"] == "0 tickets"


def boxes(page: Page) -> list[str]:
    """Returns the texts that the server put into the search box, in order."""
    return [each["value"] for name, each in page.browser_events if name == "_set_value"]


async def test_the_search_box_is_set_only_to_what_was_not_typed_there(tabs: Tabs) -> None:
    page = await tabs.open("/?search=paper")
    assert boxes(page) == ["paper"]
    await page.do(Queue.seek("vp"))
    await page.do(Queue.seek("vpn "))
    await page.follow("/?search=vp")  # a late answer: the person has typed on
    await page.follow("/?search=vpn")
    await page.follow("/?search=vpn&status=open")  # a filter while the next word is typed
    assert page.shown(Queue)["search"] == "vpn"
    assert boxes(page) == ["paper"]
    await page.follow("/?search=vp")  # the way back
    assert boxes(page) == ["paper", "vp"]
    await page.do(Queue.clear())
    await page.follow()
    assert boxes(page) == ["paper", "vp"]  # the page has emptied it; the person may have typed on


async def test_the_history_brings_back_a_search_whose_address_was_left_unread(tabs: Tabs) -> None:
    page = await tabs.open("/?priority=high")
    await page.do(Queue.seek("prin"))
    await page.follow()
    await page.do(Queue.seek("printer"))
    typed = page.redirects[-1]
    await page.follow("/?priority=high")  # back, before the page loaded the address
    assert boxes(page) == [""]
    await page.follow(typed)
    assert boxes(page) == ["", "printer"]


async def test_a_filter_keeps_the_search_that_is_still_on_its_way(tabs: Tabs) -> None:
    page = await tabs.open("/?search=paper")
    await page.do(Queue.seek("printer"))
    await page.do(Queue.narrow("status", "open", True))
    assert page.redirects[-1] == "/?status=open&search=printer"
    await page.follow()
    await page.do(Queue.narrow("status", "open", False))
    assert page.redirects[-1] == "/?search=printer"
    assert boxes(page) == ["paper"]


async def test_clearing_drops_every_filter(tabs: Tabs) -> None:
    opened(status="closed")
    page = await tabs.open("/?status=open&search=wallpaper")
    assert ids(page) == []
    await page.do(Queue.clear())
    assert page.redirects == ["/"]
    await page.follow()
    assert len(ids(page)) == 1
    assert page.shown(Queue)["search"] == ""


async def test_more_rows_come_in_pages_and_none_comes_twice(tabs: Tabs) -> None:
    filed = [opened(title=f"Ticket {number}").id for number in range(2 * PAGE + 5)]
    page = await tabs.open("/")
    assert ids(page) == filed[: -PAGE - 1 : -1]
    newcomer = opened(title="Filed while somebody scrolls").id
    await page.until(lambda: newcomer in ids(page))
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    assert ids(page) == [newcomer, *reversed(filed)]
    assert page.shown(Queue)["more"] is False
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    assert ids(page) == [newcomer, *reversed(filed)]


async def test_only_a_search_is_not_counted_to_the_end(tabs: Tabs) -> None:
    fields = {"title": "A", "description": "B", "category": "billing", "priority": "low"}
    with write_transaction() as session:
        session.execute(insert(Ticket), [fields] * 1_234)
    page = await tabs.open("/")
    assert page.shown(Queue)["matching"] == "1,234 tickets"
    page = await tabs.open("/?priority=low&search=b")
    assert page.shown(Queue)["matching"] == "1,000+ tickets"


async def test_a_full_page_turns_over_instead_of_growing(tabs: Tabs) -> None:
    filed = [opened(title=f"Ticket {number}", status="open").id for number in range(ROWS_MAX + 3)]
    page = await tabs.open("/?status=open")
    for _ in range(ROWS_MAX // PAGE + 3):
        await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    assert len(ids(page)) == ROWS_MAX
    assert (page.shown(Queue)["more"], page.shown(Queue)["full"]) == (False, True)
    await page.do(Queue.turn_over())
    await page.follow()
    assert page.redirects[-1].startswith("/?status=open&before=")
    assert ids(page) == [filed[2], filed[1], filed[0]]
    assert page.shown(Queue)["older"] is True
    await page.do(Queue.to_the_newest())
    await page.follow()
    assert page.redirects[-1] == "/?status=open"
    assert ids(page)[0] == filed[-1]
    assert page.shown(Queue)["older"] is False


async def test_a_change_by_anyone_reaches_an_open_page(tabs: Tabs) -> None:
    ticket = opened(title="Watched", status="open")
    watcher = await tabs.open("/?status=open")
    changed(ticket.id, title="Watched and changed")
    await watcher.until(lambda: titles(watcher) == ["Watched and changed"])
    changed(ticket.id, status="closed")
    await watcher.until(lambda: titles(watcher) == [])
    other = opened(title="From elsewhere")
    await watcher.until(lambda: titles(watcher) == ["From elsewhere"])
    delete_ticket(over_rest(), other.id)
    await watcher.until(lambda: titles(watcher) == [])


async def test_a_change_keeps_the_rows_that_were_scrolled_into_view(tabs: Tabs) -> None:
    filed = [opened(title=f"Ticket {number}").id for number in range(PAGE + 10)]
    page = await tabs.open("/")
    await page.do(Queue.load_more(len(page.shown(Queue)["rows"])))
    changed(filed[0], title="The oldest, changed")
    await page.until(lambda: titles(page)[-1] == "The oldest, changed")
    assert ids(page) == filed[::-1]


async def test_a_page_that_was_left_no_longer_follows(tabs: Tabs) -> None:
    ticket = opened(title="Watched")
    page = await tabs.open("/")
    await page.open("/insights")
    changed(ticket.id, title="Changed")
    other = await tabs.open("/")
    changed(ticket.id, title="Changed again")
    await other.until(lambda: titles(other) == ["Changed again"])
    assert titles(page) == ["Watched"]


async def test_a_database_that_is_away_is_told_and_the_next_try_works(
    tabs: Tabs, file: Database
) -> None:
    opened(title="Still there")
    with file.away():
        page = await tabs.open("/")
        assert AWAY in page.shown(Queue)["problem"]
        assert page.shown(Queue).get("rows", []) == []
    await page.do(Queue.retry())
    assert page.shown(Queue)["problem"] == ""
    assert titles(page) == ["Still there"]


async def test_a_typed_name_suggests_requesters_and_one_is_chosen(tabs: Tabs) -> None:
    own = opened(requester_name="Ana Lima", requester_email="ana@example.com")
    opened(title="About Ana", requester_email="bob@example.com")
    page = await tabs.open("/?search=ana&status=open")
    (ana,) = page.shown(Queue)["people"]
    assert (ana["name"], ana["email"]) == ("Ana Lima", "ana@example.com")
    await page.do(Queue.choose_requester(ana["id"]))
    assert page.redirects[-1] == f"/?status=open&requester={ana['id']}"
    page = await tabs.open(page.redirects[-1])
    assert ids(page) == [own.id]
    assert page.shown(Queue)["requester_shown"] == "Ana Lima"
    assert page.shown(Queue)["matching"] == "1 ticket of Ana Lima"
    assert page.shown(Queue)["people"] == []
    await page.do(Queue.any_requester())
    assert page.redirects[-1] == "/?status=open"


@pytest.mark.parametrize("address", ["/?requester=ana%40example.com", "/?requester=nobody%40x.org"])
async def test_a_requester_in_the_address_is_told_by_name_if_known(
    tabs: Tabs, address: str
) -> None:
    opened(requester_name="Ana Lima", requester_email="ana@example.com")
    page = await tabs.open(address)
    known = "ana" in address
    assert len(ids(page)) == known
    assert page.shown(Queue)["requester_shown"] == ("Ana Lima" if known else "nobody@x.org")


async def test_the_list_is_sorted_as_its_address_says(tabs: Tabs) -> None:
    low, high = opened(priority="low").id, opened(priority="high").id
    page = await tabs.open("/?sort=urgent&status=open")
    assert ids(page) == [high, low]
    await page.do(Queue.sort_by("oldest"))
    assert page.redirects[-1] == "/?status=open&sort=oldest"
    page = await tabs.open("/?sort=oldest&status=open")
    assert ids(page) == [low, high]
    await page.do(Queue.sort_by("nonsense"))
    assert page.redirects[-1] == "/?status=open"


async def test_a_list_of_ones_own_and_of_those_that_wait(tabs: Tabs) -> None:
    mine, _ = opened().id, opened().id
    agent = changed(mine, assignee_id="me").assignee_id
    page = await tabs.open("/?assignee=me&unanswered=true")
    assert ids(page) == [mine]
    await page.do(Queue.choose_unanswered(False))
    assert page.redirects[-1] == "/?assignee=me"
    page = await tabs.open(f"/?assignee={agent}")
    assert (ids(page), page.shown(Queue)["assignee_shown"]) == ([mine], "This desk")
    await page.do(Queue.choose_assignee("none"))
    assert page.redirects[-1] == "/?assignee=none"


async def test_a_list_says_that_it_was_sorted_among_some_tickets(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (list_queries, pages):
        monkeypatch.setattr(module, "SCANNED", 2)
        monkeypatch.setattr(module, "SAMPLED", 1)
    for _ in range(3):
        opened()
    page = await tabs.open("/?sort=changed")
    assert len(ids(page)) == 2
    assert page.shown(Queue)["stopped"].startswith("Sorted among 2 tickets.")
    page = await tabs.open("/")
    assert (len(ids(page)), page.shown(Queue)["stopped"]) == (3, "")
