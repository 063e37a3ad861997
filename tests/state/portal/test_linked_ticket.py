"""The page of a signed link shows one ticket, follows it, and says nothing else."""

import pytest

from tests.services.desk import changed, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Tabs
from tests.state.portal.conftest import visit
from ticket_app.actor import by_command
from ticket_app.services.people.ticket_links import sign
from ticket_app.services.tickets import deleting
from ticket_app.services.tickets.links import signed_address
from ticket_app.state.portal.linked_ticket import LinkedTicket

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("closed")]

WRONG = [
    "/request",
    "/request?ticket=1",
    "/request?ticket=1&key=",
    "/request?ticket=1&key=x",
    "/request?ticket=9&key=KEY",
    "/request?ticket=1&key=KEYx",
    "/request?ticket=01x&key=KEY",
    f"/request?ticket={2**70}&key=KEY",
    "/request?ticket=%EF%BC%91&key=%00",
]


async def test_the_ticket_is_in_plain_words_and_follows_the_desk(tabs: Tabs) -> None:
    ticket = opened(title="Blue", description="It is blue.")
    opened(title="xqcanary", description="xqcanary")
    page = await visit(tabs, signed_address(by_command(), ticket.id))
    shown = page.shown(LinkedTicket)["ticket"]
    assert (shown["title"], shown["description"]) == ("Blue", "It is blue.")
    assert shown["sentence"] == "We have it, and nobody has begun yet."
    changed(ticket.id, status="in_progress")
    await page.until(
        lambda: page.shown(LinkedTicket)["ticket"]["sentence"] == "Someone works on it."
    )
    changed(ticket.id, status="resolved")
    await page.until(lambda: page.shown(LinkedTicket)["ticket"]["settled_at"] != "")
    assert page.shown(LinkedTicket)["ticket"]["state"] == "Resolved"
    deleting.delete_ticket(by_command(), ticket.id)
    await page.until(lambda: page.shown(LinkedTicket)["is_wrong"])
    assert page.shown(LinkedTicket)["ticket"]["description"] == ""
    assert "xqcanary" not in str(page.deltas)


@pytest.mark.parametrize("address", WRONG)
async def test_a_wrong_link_leads_to_no_ticket(tabs: Tabs, address: str) -> None:
    ticket = opened(title="xqcanary", description="xqcanary")
    page = await visit(tabs, address.replace("KEY", sign(by_command(), ticket.id)))
    assert page.shown(LinkedTicket)["is_wrong"] is True
    assert "xqcanary" not in str(page.deltas)


async def test_an_error_is_told_and_mended(tabs: Tabs, file: Database) -> None:
    ticket = opened(title="Blue")
    address = signed_address(by_command(), ticket.id)
    page = await visit(tabs, address)
    with file.away():
        await page.do(LinkedTicket.retry())
        assert AWAY in page.shown(LinkedTicket)["problem"]
        assert page.shown(LinkedTicket)["ticket"]["title"] == "Blue"
    await page.do(LinkedTicket.retry())
    assert page.shown(LinkedTicket)["problem"] == ""
