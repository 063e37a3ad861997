"""What is typed is saved, put back where it was, and never replaced while somebody types."""

import pytest

from harness.accounts import acting, administrator
from harness.actors import in_browser
from tests.services.desk import opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Page, Tabs, browser
from ticket_app.actor import by_command
from ticket_app.services.conversation.drafts.saving import own_drafts
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.tickets.links import signed_address
from ticket_app.settings import get_settings
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.drafts.own_drafts import OwnDrafts
from ticket_app.state.portal.answering import LinkedAnswer
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

EVE = "eve@example.com"


@pytest.fixture(autouse=True)
def _sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDO_SEND_SECONDS", "0")
    get_settings.cache_clear()


class Box:
    """The fields of a reply in a browser, which do what the page does with each put."""

    def __init__(self, page: Page, ticket_id: int, mount: str = "1.5") -> None:
        self.page, self.ticket_id, self.mount = page, ticket_id, mount
        self.text = self.key = self.revision = ""
        self.done = 0

    async def meet(self) -> "Box":
        fields = {"text": self.text, "key": self.key, "revision": self.revision}
        held = {f"reply-{name}": value for name, value in fields.items()}
        await self.page.do(Composer.meet(self.ticket_id, held, self.mount))
        self.draw()
        return self

    def draw(self) -> None:
        put = self.page.shown(Composer)["puts"].get("reply")
        if put is None or put["number"] <= self.done or put["mount"] != self.mount:
            return
        self.done = put["number"]
        begins = self.text.startswith(put["over"])
        behind = self.text[len(put["over"]) :] if begins else self.text
        if put["exact"] and self.text != put["over"]:
            return
        self.text = put["text"] if put["exact"] else put["text"] + behind
        self.key, self.revision = put["key"], put["revision"]

    async def type(self, text: str, *, until_drawn: bool = True) -> None:
        self.text = text
        await self.page.do(Composer.write(self.ticket_id, "reply", text, self.key, self.revision))
        if until_drawn:
            self.draw()

    async def send(self) -> None:
        sent = Composer.send(
            self.ticket_id, "reply", self.text, self.key, False, revision=self.revision
        )
        await self.page.do(sent)

    @property
    def behind(self) -> list[str]:
        found: list[str] = self.page.shown(Composer)["behind"]
        return found


def saved(ticket_id: int) -> list[tuple[str, str]]:
    return [(each.kind, each.body) for each in own_drafts(in_browser(), ticket_id)]


async def box(tabs: Tabs, ticket_id: int) -> Box:
    return await Box(await tabs.open(f"/t/{ticket_id}"), ticket_id).meet()


async def test_a_draft_is_there_again_on_another_server(tabs: Tabs) -> None:
    ticket, other = opened(), opened()
    one = await box(tabs, ticket.id)
    await one.type("Dear Bea")
    await one.page.do(Composer.write(ticket.id, "note", "to the team", "n", "0"))
    async with browser() as others:
        again = await box(others, ticket.id)
        assert (again.text, again.key) == ("Dear Bea", one.key)
        assert (await box(others, other.id)).text == ""
        await again.page.do(Composer.send(ticket.id, "reply", "Dear Bea", again.key, False))
    assert saved(ticket.id) == [("note", "to the team")]
    await one.type("Dear Bea")  # the last keys come late
    assert saved(ticket.id) == [("note", "to the team")]


async def test_what_is_typed_while_the_draft_comes_goes_behind_it(tabs: Tabs) -> None:
    ticket = opened()
    await (await box(tabs, ticket.id)).type("Dear ")
    slow = Box(await tabs.open(f"/t/{ticket.id}"), ticket.id)
    await slow.page.do(Composer.meet(ticket.id, {}, slow.mount))
    await slow.type("Be", until_drawn=False)
    assert saved(ticket.id) == [("reply", "Dear Be")]
    slow.draw()
    await slow.type(slow.text + "a")
    assert (saved(ticket.id), slow.behind) == ([("reply", "Dear Bea")], [])


async def test_a_new_server_does_not_take_a_page_for_another(tabs: Tabs) -> None:
    ticket = opened()
    one = await box(tabs, ticket.id)
    await one.type("Dear")
    one.text = "Dear Bea"  # not saved when the server was killed
    async with browser() as restarted:
        one.page = await restarted.open(f"/t/{ticket.id}")  # with the same token
        await one.meet()
        assert (one.text, saved(ticket.id)) == ("Dear Bea", [("reply", "Dear Bea")])
        # A put for a box that was drawn before is not for this one.
        fresh = Box(one.page, ticket.id, mount="2.5")
        fresh.draw()
        assert fresh.text == ""
        assert (await fresh.meet()).text == "Dear Bea"


async def test_of_two_pages_the_idle_one_follows_and_the_other_chooses(tabs: Tabs) -> None:
    ticket = opened()
    one, two = await box(tabs, ticket.id), await box(tabs, ticket.id)
    await one.type("Dear Bea")
    await two.page.until(lambda: two.page.shown(Composer)["puts"]["reply"]["text"] == "Dear Bea")
    two.draw()
    assert (two.text, two.key) == ("Dear Bea", one.key)
    one.text = "Dear Bea,"  # typed and not saved yet: the other page is faster
    await two.type("Dear Bea!")
    await one.page.do(Composer.look_again(ticket.id))
    one.draw()
    assert one.text == "Dear Bea,"
    await one.type("Dear Bea, how")
    assert (one.behind, saved(ticket.id)) == (["reply"], [("reply", "Dear Bea!")])
    await one.page.do(Composer.take(ticket.id, "reply", one.text))
    one.draw()
    assert (one.text, one.behind) == ("Dear Bea!", [])
    await one.type("Dear Bea! How")
    two.text = "Dear Bea! No"
    await two.type("Dear Bea! No")
    assert two.behind == ["reply"]
    await two.page.do(Composer.keep_this(ticket.id, "reply", two.text, two.key))
    two.draw()
    assert (two.behind, saved(ticket.id)) == ([], [("reply", "Dear Bea! No")])
    # A page that was overtaken takes nothing of the other with what it sends.
    one.text = "Dear Bea! How so"
    await one.page.do(Composer.look_again(ticket.id))  # its answer comes after the key
    await one.type("Dear Bea! How so")
    await one.send()
    assert saved(ticket.id) == [("reply", "Dear Bea! No")]


async def test_what_is_typed_after_sending_is_the_next_draft(tabs: Tabs) -> None:
    ticket = opened()
    one = await box(tabs, ticket.id)
    await one.page.do(Composer.send(ticket.id, "reply", "Hello", one.key, False))
    await one.page.do(Composer.write(ticket.id, "reply", "Hello and", one.key, one.revision))
    (draft,) = own_drafts(in_browser(), ticket.id)
    assert (draft.body, draft.key == one.key) == (" and", False)


async def test_a_text_that_cannot_be_saved_says_so(tabs: Tabs, file: Database) -> None:
    ticket = opened()
    one = await box(tabs, ticket.id)
    with file.away():
        await one.type("Dear Bea")
    assert AWAY in one.page.shown(Composer)["unsaved"]
    await one.type("Dear Bea,")
    assert one.page.shown(Composer)["unsaved"] == ""
    other = Box(await tabs.open(f"/t/{ticket.id}"), ticket.id)
    with file.away():
        await other.meet()
    await other.type("x")  # it has not read what is there
    assert (other.behind, saved(ticket.id)) == (["reply"], [("reply", "Dear Bea,")])


async def test_an_erased_draft_comes_back_by_no_open_page(tabs: Tabs) -> None:
    ticket = opened(requester_email=EVE)
    one = await box(tabs, ticket.id)
    await one.type("As you wrote")
    list(erase_requester(by_command(), find_requester(by_command(), EVE)))
    await one.type("As you wrote, Eve")
    assert (one.behind, saved(ticket.id)) == (["reply"], [])
    await one.page.do(Composer.take(ticket.id, "reply", one.text))
    one.draw()
    assert (one.text, one.behind) == ("", [])
    await one.type("Another text")
    assert saved(ticket.id) == [("reply", "Another text")]


async def test_the_list_marks_tickets_with_ones_draft(tabs: Tabs) -> None:
    ticket = opened()
    queue = await tabs.open("/")
    one = await box(tabs, ticket.id)
    await one.type("Dear Bea")
    await queue.until(lambda: queue.shown(OwnDrafts).get("tickets") == [ticket.id])
    await one.type("")
    await queue.until(lambda: queue.shown(OwnDrafts)["tickets"] == [])


async def test_the_holder_of_a_link_keeps_a_text_in_the_page_alone(tabs: Tabs) -> None:
    chief = acting(administrator(), Role.ADMINISTRATOR)
    ticket, other = opened(), opened()
    page = await tabs.open(signed_address(by_command(), ticket.id))
    await page.do(LinkedAnswer.meet(other.id, {"reply-text": "Not here"}, "0.5"))
    await page.do(LinkedAnswer.write(other.id, "reply", "Not here", "k", "0"))
    assert "not saved" in page.shown(LinkedAnswer)["unsaved"]
    await page.do(LinkedAnswer.meet(ticket.id, {}, "1.5"))
    await page.do(LinkedAnswer.write(ticket.id, "reply", "Hello?", "k", "0"))
    await page.do(LinkedAnswer.meet(ticket.id, {}, "2.5"))
    assert page.shown(LinkedAnswer)["puts"]["reply"]["text"] == "Hello?"
    assert own_drafts(chief, ticket.id) == []
