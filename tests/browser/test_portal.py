"""The pages for requesters at a desk with accounts: the form, its receipt, one's own tickets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from harness.accounts import ADMINISTRATOR, account, acting, session_token
from tests.browser.axe import faults
from tests.browser.conftest import Chrome, Size
from tests.browser.interaction import press
from tests.browser.test_filing import SCRIPTS, hold
from tests.closed_desks import closed_database
from tests.services.desk import all_tickets, opened
from tests.serving import RunningDesk, running_desk
from ticket_app.actor import by_command
from ticket_app.services.conversation.drafts.saving import own_drafts
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.tokens import COOKIE
from ticket_app.vocabulary import Role

BEA, CANARY = "bea@example.com", "xqcanaryzz"


@dataclass
class Closed:
    """A running desk with accounts, and the sessions of a requester and an administrator."""

    desk: RunningDesk
    requester: str
    administrator: str

    def change(self, ticket_id: int, **fields: str) -> None:
        """Changes a ticket as an agent does."""
        url = self.desk.url
        changed = httpx.patch(
            f"{url}/api/tickets/{ticket_id}/",
            json=fields,
            cookies={COOKIE: self.administrator},
            headers={"Origin": url},
        )
        changed.raise_for_status()


@pytest.fixture(scope="module")
def closed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A desk with a requester, and a ticket of someone else. This process uses its database."""
    assert chromium is not None
    folder = tmp_path_factory.mktemp("portal")
    with closed_database(folder) as url:
        agent = session_token(directory.find_person(by_command(), ADMINISTRATOR).id)
        opened(title=CANARY, description=CANARY, requester_email=f"{CANARY}@example.com")
        requester = session_token(account(BEA, Role.REQUESTER))
        with running_desk(folder, DATABASE_URL=url) as desk:
            yield Closed(desk, requester, agent)


def fill(page: Page, title: str, **texts: str) -> None:
    """Fills in the form, once it can be sent."""
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    fields = {"Title": title, "What is wrong?": "It is blue."} | texts
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)


def heard(page: Page) -> list[str]:
    """Returns the list to which everything is added that the desk sends this page from now on."""
    frames: list[str] = []
    page.on(
        "websocket", lambda one: one.on("framereceived", lambda frame: frames.append(str(frame)))
    )
    return frames


def test_a_stranger_writes_keeps_the_link_and_follows_the_ticket(
    visitors: Chrome, closed: Closed, size: Size
) -> None:
    page = visitors.page("about:blank", size)
    frames = heard(page)
    page.goto("/new")
    fill(page, "Wallpaper")
    press(page, page.get_by_role("button", name="Send"))
    email = page.get_by_label("E-mail")
    expect(email).to_be_focused()
    expect(page.get_by_text("Write your e-mail address, for the answer.")).to_be_visible()
    email.fill("eve@example.com")
    send = page.get_by_role("button", name="Send")
    press(page, send)
    heading = page.get_by_role("heading", level=1, name=re.compile(r"We have your ticket \d+"))
    expect(heading).to_be_focused()
    expect(send).to_be_hidden()
    ticket = all_tickets()[0]
    link = page.get_by_label("Link to your ticket").input_value()
    assert link.startswith(f"{page.url.removesuffix('/new')}/request?ticket={ticket.id}&key=")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Wallpaper")
    state = page.get_by_role("article").get_by_role("status")
    expect(state).to_have_text("We have it, and nobody has begun yet.")
    expect(page.get_by_role("link")).to_have_count(1)  # to skip to the content
    closed.change(ticket.id, status="resolved")
    expect(state).to_contain_text("Resolved on")
    answer = page.get_by_label("Your answer")
    answer.fill("It is back")
    answer.press("Control+Enter")
    expect(page.get_by_role("listitem").filter(has_text="It is back")).to_contain_text("You")
    expect(state).to_have_text("We have it, and nobody has begun yet.")
    expect(answer).to_have_value("")
    press(page, page.get_by_role("button", name="I need no more help"))
    expect(state).to_contain_text("Closed on")
    assert CANARY not in "".join(frames) + page.content()
    # Somebody of the team has signed in, in another tab: the words do not become their draft.
    page.context.add_cookies(
        [{"name": COOKIE, "value": closed.administrator, "url": closed.desk.url}]
    )
    answer.fill("Not sent")
    page.goto("/new")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    person = directory.find_person(by_command(), ADMINISTRATOR)
    assert own_drafts(acting(person.id, Role.ADMINISTRATOR), ticket.id) == []


def test_two_presses_and_a_reload_file_one_ticket(visitors: Chrome) -> None:
    page = visitors.page("/new")
    before = len(all_tickets())
    fill(page, "Twice", **{"E-mail": "eve@example.com"})
    page.get_by_role("button", name="Send").dblclick()
    heading = page.get_by_role("heading", name=re.compile("We have your ticket"))
    expect(heading).to_be_visible()
    page.reload()
    expect(heading).to_be_visible()  # the link is not lost
    page.get_by_role("button", name="Write another").click()
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    expect(page.get_by_label("Title", exact=True)).to_have_value("")
    assert len(all_tickets()) == before + 1


def test_what_is_typed_before_the_scripts_is_kept(visitors: Chrome) -> None:
    page = visitors.page("about:blank")
    page.route(SCRIPTS, hold)
    page.goto("/new", wait_until="commit")
    title = page.get_by_label("Title", exact=True)
    title.fill("Early words")
    expect(page.get_by_role("button", name="Loading…")).to_be_disabled()
    page.unroute(SCRIPTS, hold)  # releases the requests that were held
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    expect(title).to_have_value("Early words")


def test_a_requester_files_in_their_own_name_and_finds_it(
    visitors: Chrome, closed: Closed, size: Size
) -> None:
    page = visitors.page("about:blank", size)
    page.context.add_cookies([{"name": COOKIE, "value": closed.requester, "url": closed.desk.url}])
    frames = heard(page)
    page.goto("/new")
    expect(page.get_by_text(BEA)).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_hidden()
    fill(page, "Mine")
    press(page, page.get_by_role("button", name="Send"))
    page.get_by_role("link", name="Show it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    page.get_by_role("link", name="All your tickets").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your tickets")
    first = page.get_by_role("listitem").first
    expect(first).to_contain_text("Mine")
    expect(first).to_contain_text("Received")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    page.goto("/")
    expect(page).to_have_url(re.compile("/my$"))
    assert CANARY not in "".join(frames) + page.content()


@pytest.mark.prove
def test_axe_finds_nothing(visitors: Chrome, closed: Closed, size: Size) -> None:
    page = visitors.page("about:blank", size)
    page.context.add_cookies([{"name": COOKIE, "value": closed.requester, "url": closed.desk.url}])
    page.goto("/new")
    fill(page, "Judged")
    assert faults(page) == []
    press(page, page.get_by_role("button", name="Send"))
    expect(page.get_by_role("heading", name=re.compile("We have your ticket"))).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Show it").click()
    answer = page.get_by_label("Your answer")
    answer.fill("It is *green* now.")
    assert faults(page) == []
    press(page, page.get_by_role("button", name="Preview"))
    expect(page.locator(".preview")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="All your tickets").click()
    expect(page.get_by_role("listitem").first).to_contain_text("Judged")
    assert faults(page) == []
