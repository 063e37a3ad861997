"""The page of one ticket: what was said and done, in one order of time, within bounds."""

from datetime import UTC, datetime

import pytest

from harness.accounts import account, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app.schemas.conversation import AttachmentPublic, MessageCreate, MessagePublic
from ticket_app.services.conversation.paging import ConversationPage
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.tickets import deleting
from ticket_app.state.attachments.files import File
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.entries import by_link, entries_of
from ticket_app.state.conversation.paged import EARLIER_MAX, PAGE
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conversation, "pause_seconds", 0.0)


def say(ticket_id: int, body: str, kind: str = "reply", side: str | None = None) -> int:
    new = MessageCreate.model_validate({"body": body, "kind": kind, "from": side})
    return post_message(over_rest(), ticket_id, new).id


def shown(page: Page) -> dict[str, object]:
    return page.shown(Conversation)


def texts(page: Page) -> list[str]:
    """Returns what each entry says, oldest first."""
    now = page.shown(Conversation)
    return [
        each["summary"] or each["html"].removeprefix('<p dir="auto">').removesuffix("</p>\n")
        for each in (*now["earlier"], *now["newest"])
    ]


async def test_messages_and_runs_of_changes_are_in_one_order_and_follow_the_desk(
    tabs: Tabs,
) -> None:
    ticket = opened(title="Billed twice", requester_name="Henry")
    say(ticket.id, "We look into it.")
    changed(ticket.id, status="in_progress")
    changed(ticket.id, priority="high")
    say(ticket.id, "Ask Cay.", "note")
    page = await tabs.open(f"/t/{ticket.id}")
    assert shown(page)["heading"] == f"Ticket {ticket.id}"
    assert shown(page)["tab_title"] == f"#{ticket.id} Billed twice · Support desk"
    assert texts(page) == ["We look into it.", "2 changes", "Ask Cay."]
    said, run, note = page.shown(Conversation)["newest"]
    assert (said["side"], said["author"], note["kind"]) == ("team", "This desk", "note")
    assert [(line["what"], line["new"]) for line in run["lines"]] == [
        ("Status", "In progress"),
        ("Priority", "High"),
    ]
    say(ticket.id, "Thank you!", side="requester")
    await page.until(lambda: texts(page)[-1] == "Thank you!")
    last = page.shown(Conversation)["newest"][-1]
    assert (last["side"], last["author"]) == ("requester", "Henry")
    assert shown(page)["arrived"] == 1
    await page.do(Conversation.see())
    assert shown(page)["arrived"] == 0


async def test_ten_thousand_messages_come_in_pages_within_bounds(tabs: Tabs) -> None:
    ticket = opened()
    numbers = [say(ticket.id, str(n)) for n in range(PAGE + EARLIER_MAX + PAGE + 5)]
    page = await tabs.open(f"/t/{ticket.id}")
    assert [texts(page)[0], texts(page)[-1]] == [str(len(numbers) - PAGE), str(len(numbers) - 1)]
    for _ in range(2):  # the second comes twice
        await page.do(Conversation.load_older(numbers[-PAGE]))
    assert len(texts(page)) == 2 * PAGE
    say(ticket.id, "new")
    await page.until(lambda: texts(page)[-1] == "new")
    assert texts(page)[:-1] == [str(n) for n in range(len(numbers) - 2 * PAGE, len(numbers))]
    while shown(page)["has_older"]:
        await page.do(Conversation.load_older(page.shown(Conversation)["earlier"][0]["number"]))
    assert len(page.shown(Conversation)["earlier"]) == EARLIER_MAX
    assert shown(page)["older_at"] == f"/t/{ticket.id}?before={numbers[PAGE + 5]}"
    await page.follow(str(shown(page)["older_at"]))
    assert texts(page) == [str(n) for n in range(5, PAGE + 5)]
    assert (shown(page)["before"] > 0, shown(page)["has_older"]) == (True, True)
    await page.follow(f"/t/{ticket.id}")
    assert texts(page)[-1] == "new"


@pytest.mark.parametrize("address", ["/t/99", "/t/0", "/t/x", "/t/1x", f"/t/{2**70}", "/t/-1"])
async def test_an_address_without_a_ticket_says_so(tabs: Tabs, address: str) -> None:
    opened()
    page = await tabs.open(address)
    assert (shown(page)["missing"], shown(page)["problem"]) == (True, "")


async def test_a_deleted_ticket_stays_on_an_open_page_and_can_be_restored(tabs: Tabs) -> None:
    ticket = opened(title="Blue")
    page = await tabs.open(f"/t/{ticket.id}")
    deleting.delete_ticket(over_rest(), ticket.id)
    await page.until(lambda: shown(page).get("gone") is True)
    assert page.shown(Conversation)["ticket"]["title"] == "Blue"
    cold = await tabs.open(f"/t/{ticket.id}")
    assert (shown(cold)["missing"], shown(cold)["gone"]) == (True, False)
    await page.do(TicketActions.restore(ticket.id))
    await page.until(lambda: shown(page).get("gone") is False)
    await cold.until(lambda: shown(cold).get("missing") is False)
    await page.follow("/t/99")
    assert (shown(page)["missing"], shown(page)["gone"]) == (True, False)


async def test_an_error_is_told_and_mended(tabs: Tabs, file: Database) -> None:
    ticket = opened()
    page = await tabs.open(f"/t/{ticket.id}")
    with file.away():
        await page.do(Conversation.retry())
        assert AWAY in str(shown(page)["problem"])
    await page.do(Conversation.retry())
    assert shown(page)["problem"] == ""


async def test_a_page_without_a_right_shows_nothing(tabs: Tabs) -> None:
    ticket = opened(title="xqcanary", description="xqcanary", requester_email="eve@example.com")
    say(ticket.id, "xqcanary", "note")
    administrator()
    for person in (account("bea@example.com", Role.REQUESTER), None):
        page = await visit(tabs, f"/t/{ticket.id}", person)
        assert "xqcanary" not in str(page.deltas)


def test_the_files_of_a_message_are_links_where_the_desk_serves_them() -> None:
    file = AttachmentPublic(
        id=5,
        name="a.pdf",
        media_type="application/pdf",
        size=1_001,
        url="/api/tickets/x/",
        created_at=NOW,
    )
    said = MessagePublic(
        id=1, ticket_id=1, kind="reply", side="requester", author_id=None, author=None,
        body="Here.", channel="rest", created_at=NOW, attachments=[file],
    )  # fmt: skip
    entries = entries_of(ConversationPage([said], [], has_older=False), "Bea")
    assert entries[0].files == [File(5, "a.pdf", "PDF", "1 kB", "/api/tickets/x/", "")]
    (linked,) = by_link(entries, "k&y")[0].files
    assert linked.url == "/api/linked/x/?key=k%26y"
