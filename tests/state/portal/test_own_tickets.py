"""One's own tickets: a list that follows the desk without a jump, and nobody else's."""

import pytest

from harness.accounts import account
from tests.services.desk import changed, opened
from tests.state.page import Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app.actor import by_command
from ticket_app.services.tickets import deleting
from ticket_app.state.portal.own_tickets import PAGE, OwnTickets
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("closed")]

BEA, EVE = "bea@example.com", "eve@example.com"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OwnTickets, "pause_seconds", 0.0)


def own(**fields: str) -> int:
    return opened(requester_email=BEA, **fields).id


def ids(page: Page) -> list[int]:
    return [row["id"] for row in page.shown(OwnTickets).get("rows", [])]


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.AGENT, Role.ADMINISTRATOR])
async def test_only_own_tickets_are_listed_opened_and_found(tabs: Tabs, role: Role) -> None:
    canary = opened(title="xqcanary", description="xqcanary", requester_email=EVE).id
    mine = own(title="Blue")
    bea = account(BEA, role)
    page = await visit(tabs, "/my", bea)
    assert ids(page) == [mine]
    await page.follow(f"/my?ticket={canary}")
    assert page.shown(OwnTickets)["is_missing"] is True
    await page.follow("/my?search=canary")
    assert ids(page) == []
    await page.do(OwnTickets.find({"search": " blue "}))
    assert page.redirects == ["/my?search=blue"]
    await page.follow()
    assert ids(page) == [mine]
    await page.follow(f"/my?ticket={mine}")
    assert page.shown(OwnTickets)["ticket"]["title"] == "Blue"
    assert page.shown(OwnTickets)["is_missing"] is False
    assert "xqcanary" not in str(page.deltas)


async def test_older_ones_are_on_further_pages(tabs: Tabs) -> None:
    mine = [own() for _ in range(PAGE + 2)][::-1]
    page = await visit(tabs, "/my", account(BEA, Role.REQUESTER))
    assert ids(page) == mine[:PAGE]
    await page.follow(page.shown(OwnTickets)["older"])
    assert ids(page) == mine[PAGE:]
    assert (page.shown(OwnTickets)["older"], page.shown(OwnTickets)["is_older"]) == ("", True)
    for wrong in ("/my?before=x", "/my?before=1.1&search=" + 300 * "x"):
        await page.follow(wrong)
        assert page.shown(OwnTickets)["problem"]


async def test_rows_follow_the_desk_in_their_places(tabs: Tabs) -> None:
    first, second, third = own(), own(), own()
    page = await visit(tabs, "/my", account(BEA, Role.REQUESTER))
    changed(second, status="in_progress")
    deleting.delete_ticket(by_command(), first)
    await page.until(
        lambda: (
            [row["state"] for row in page.shown(OwnTickets)["rows"]]
            == ["Received", "In progress", "Deleted"]
        )
    )
    new = own()
    await page.until(lambda: page.shown(OwnTickets)["waiting"] == 1)
    assert ids(page) == [third, second, first]
    await page.do(OwnTickets.show_waiting())
    assert ids(page) == [new, third, second]
    assert page.shown(OwnTickets)["waiting"] == 0


async def test_someone_without_an_account_sees_nothing(tabs: Tabs) -> None:
    own(title="xqcanary")
    page = await visit(tabs, "/my")
    assert ids(page) == []
    assert page.shown(OwnTickets)["problem"] == "Sign in first."
    assert "xqcanary" not in str(page.deltas)
