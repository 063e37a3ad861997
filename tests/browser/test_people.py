"""The page of people and one's own account, by hand: what is done shows where it was done."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from harness.accounts import ADMINISTRATOR, account, session_token
from tests.browser.axe import faults
from tests.browser.conftest import DESKTOP, PHONE, Chrome, Size
from tests.browser.interaction import press
from tests.closed_desks import closed_database
from tests.serving import RunningDesk, running_desk
from ticket_app.actor import by_command
from ticket_app.services.people import sessions
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.people.tokens import COOKIE
from ticket_app.vocabulary import Role

BEA = "bea@example.com"


@dataclass
class Closed:
    """A running desk, and the ids of its administrator and an agent."""

    desk: RunningDesk
    ada: int
    bea: int


@pytest.fixture(scope="module")
def closed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A desk with two accounts. This process uses its database."""
    assert chromium is not None
    folder = tmp_path_factory.mktemp("people")
    with closed_database(folder) as url:
        ada = directory.find_person(by_command(), ADMINISTRATOR).id
        bea = account(BEA, Role.AGENT)
        with running_desk(folder, DATABASE_URL=url) as desk:
            yield Closed(desk, ada, bea)


def signed_in(visitors: Chrome, closed: Closed, person: int, address: str, size: Size) -> Page:
    """Returns a page of this person."""
    page = visitors.page("about:blank", size)
    token = session_token(person)
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": closed.desk.url}])
    page.goto(address)
    return page


@pytest.mark.rest_in_prove("size")
def test_an_administrator_invites_and_ends_accounts(
    visitors: Chrome, closed: Closed, size: Size
) -> None:
    page = signed_in(visitors, closed, closed.ada, "/people", size)
    bea = page.get_by_role("listitem").filter(has_text=BEA)
    expect(bea).to_contain_text("Active")

    page.locator("summary", has_text="Invite").focus()
    page.keyboard.press("Enter", delay=90)
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type("cid@example.com")
    page.keyboard.press("Enter", delay=90)
    link = page.get_by_label("Link for cid@example.com")
    expect(link).to_be_focused()
    expect(link).to_have_value(re.compile(r"/welcome\?token="))
    expect(page.get_by_role("listitem").filter(has_text="cid@")).to_contain_text("Invited")
    press(page, page.get_by_role("button", name="Done"))
    expect(page.get_by_label("E-mail")).to_be_focused()

    press(page, page.get_by_role("button", name="New link: bea"))
    expect(page.get_by_label(f"Link for {BEA}")).to_be_focused()
    press(page, page.get_by_role("button", name="Done"))
    expect(page.get_by_role("button", name="New link: bea")).to_be_focused()

    press(page, page.get_by_role("button", name="Deactivate: bea"))
    expect(bea.get_by_role("status")).to_contain_text("bea is signed out everywhere")
    back = page.get_by_role("button", name="Activate: bea")
    expect(back).to_be_focused()
    page.keyboard.press("Enter", delay=90)
    expect(bea.get_by_role("status")).to_contain_text("bea may sign in again")

    own_role = page.get_by_label("Role of ada")
    own_role.select_option("Agent")
    ada = page.get_by_role("listitem").filter(has_text=ADMINISTRATOR)
    expect(ada.get_by_role("alert")).to_contain_text("the last active administrator")
    expect(own_role).to_have_value("administrator")

    page.get_by_label("Search people").fill("nobody at all")
    expect(page.get_by_text("Nobody here has this name or address.")).to_be_visible()
    press(page, page.get_by_role("button", name="Show all"))
    expect(page.get_by_label("Search people")).to_be_focused()
    expect(bea).to_be_visible()


@pytest.mark.rest_in_prove("size")
def test_the_audit_is_read_by_keyboard(visitors: Chrome, closed: Closed, size: Size) -> None:
    for active in (False, True) * 25:
        rights.set_active(by_command(), closed.bea, active)
    page = signed_in(visitors, closed, closed.ada, "/", size)
    press(page, page.get_by_role("button", name="ada"))
    press(page, page.get_by_role("link", name="Audit"))
    entries = page.get_by_role("main").get_by_role("listitem")
    expect(entries.first).to_contain_text("ada signed in")
    expect(entries.first.locator("time")).to_contain_text(str(datetime.now(UTC).year))

    page.get_by_label("Find a person").focus()
    page.keyboard.type("bea@")
    offer = page.get_by_role("button", name="bea bea@example.com")
    expect(offer).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(offer).to_be_focused()
    page.keyboard.press("Enter", delay=90)
    expect(entries.first).to_contain_text("The operator activated bea")
    expect(page.get_by_label("Kind of act")).to_be_focused()

    older = page.get_by_role("button", name="Older entries")
    press(page, older)
    expect(older).to_be_hidden()
    expect(page.get_by_text("There are no older entries.")).to_be_focused()

    page.get_by_label("Kind of act").select_option("Tickets")
    press(page, page.get_by_role("button", name="Show everything"))
    expect(page.get_by_label("Find a person")).to_be_focused()
    expect(entries.first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_session_that_one_ends_takes_its_pages_along(visitors: Chrome, closed: Closed) -> None:
    sessions.end_all(by_command(), closed.bea)  # those of a first run that failed
    other = signed_in(visitors, closed, closed.bea, "/account", DESKTOP)
    expect(other.get_by_label("Your name")).to_have_value("bea")
    page = signed_in(visitors, closed, closed.bea, "/account", PHONE)
    expect(page.get_by_role("listitem")).to_have_count(2)
    press(page, page.get_by_role("button", name="End the session of"))
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_focused()
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(other).to_have_url(re.compile("/sign-in"))


@pytest.mark.prove
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/people", "Search people"),
        ("/account", "Your name"),
        ("/audit", "Kind of act"),
        ("/sign-in", "Password"),
    ],
)
def test_axe_finds_nothing(
    visitors: Chrome, closed: Closed, size: Size, path: str, shown: str
) -> None:
    page = (
        visitors.page(path, size)
        if path == "/sign-in"
        else signed_in(visitors, closed, closed.ada, path, size)
    )
    expect(page.get_by_label(shown)).to_be_visible()
    assert faults(page) == []
