"""Signing in and out at a desk with accounts, by hand."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from harness.accounts import ADMINISTRATOR, PASSWORD
from tests.browser.conftest import DESKTOP, Size
from tests.browser.locators import rows
from tests.closed_desks import closed_database
from tests.services.desk import opened
from tests.serving import RunningDesk, running_desk
from ticket_app.actor import by_command
from ticket_app.services.people.accounts import invitations
from ticket_app.services.people.tokens import COOKIE
from ticket_app.vocabulary import Role

ANOTHER = "another fine password"


@pytest.fixture(scope="module")
def closed(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningDesk, str]]:
    """A desk with an administrator and one ticket, and a link for a new agent's password."""
    assert chromium is not None
    folder = tmp_path_factory.mktemp("closed")
    with closed_database(folder) as url:
        opened(title="Printer")
        link = invitations.invite(by_command(), "bea@example.com", "Bea", Role.AGENT)
    with running_desk(folder, DATABASE_URL=url) as desk:
        yield desk, link


@pytest.fixture
def page(size: Size, chromium: Browser, closed: tuple[RunningDesk, str]) -> Iterator[Page]:
    """A page of a new browser profile at each size. No page may fail by itself."""
    failures: list[str] = []
    context = chromium.new_context(base_url=closed[0].url, **size)
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    assert failures == []


def sign_in(page: Page, password: str, email: str = ADMINISTRATOR) -> None:
    """Type an address and a password, and press Enter for 90 ms."""
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter", delay=90)


@pytest.mark.rest_in_prove("size")
def test_one_signs_in_by_keyboard_and_out(page: Page) -> None:
    page.goto("/board")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fboard$"))
    expect(page.get_by_label("E-mail")).to_be_focused()
    sign_in(page, "not the password at all")
    expect(page.get_by_role("alert")).to_have_text("The address or the password is wrong.")
    expect(page.get_by_label("E-mail")).to_be_focused()
    sign_in(page, PASSWORD)
    expect(page).to_have_url(re.compile("/board$"))
    expect(page.get_by_text("Printer")).to_be_visible()
    assert COOKIE not in page.evaluate("document.cookie")
    page.get_by_role("button", name="ada").click(delay=90)
    expect(page.get_by_text("Administrator")).to_be_visible()
    page.get_by_role("button", name="Sign out").click(delay=90)
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in"))
    expect(page.get_by_text("Printer")).to_have_count(0)


def test_one_signs_in_without_scripts(chromium: Browser, closed: tuple[RunningDesk, str]) -> None:
    desk, _ = closed
    with chromium.new_context(base_url=desk.url, java_script_enabled=False, **DESKTOP) as context:
        page = context.new_page()
        page.goto("/board?status=open")
        for password in ("not the password at all", PASSWORD):
            expect(page).to_have_url(re.compile(r"/sign-in\?.*next=%2Fboard"))
            page.get_by_label("E-mail").fill(ADMINISTRATOR)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in").click(delay=90)
        expect(page).to_have_url(re.compile(r"/board\?status=open$"))


def test_a_sign_out_ends_the_other_tab(
    page: Page, request: pytest.FixtureRequest, chromium: Browser
) -> None:
    page.goto("/sign-in")
    expect(page.get_by_label("E-mail")).to_be_focused()
    sign_in(page, PASSWORD)
    expect(rows(page)).to_have_count(1)
    other = page.context.new_page()
    other.goto("/board")
    expect(other.get_by_text("Printer")).to_be_visible()
    page.get_by_role("button", name="ada").click(delay=90)
    page.get_by_role("button", name="Sign out").click(delay=90)
    expect(other).to_have_url(re.compile("/sign-in"))
    expect(other.get_by_text("Printer")).to_have_count(0)


def test_one_changes_the_password_of_ones_account(
    chromium: Browser, closed: tuple[RunningDesk, str]
) -> None:
    desk, _ = closed
    with chromium.new_context(base_url=desk.url, **DESKTOP) as context:
        page = context.new_page()
        page.goto("/account")
        expect(page.get_by_label("E-mail")).to_be_focused()
        sign_in(page, PASSWORD)
        expect(page.get_by_text("This browser", exact=True)).to_be_visible()
        page.get_by_label("Current password").fill("not the password at all")
        page.get_by_label("New password").fill(ANOTHER)
        page.get_by_role("button", name="Change the password").click(delay=90)
        password = page.get_by_role("region", name="Password")
        expect(password.get_by_role("alert")).to_contain_text("The current password is wrong.")
        for present, new in ((PASSWORD, ANOTHER), (ANOTHER, PASSWORD)):
            page.get_by_label("Current password").fill(present)
            page.get_by_label("New password").fill(new)
            page.get_by_role("button", name="Change the password").click(delay=90)
            expect(page).to_have_url(re.compile("done=password$"))
            expect(page.get_by_text("The password is changed.")).to_be_visible()
            page.goto("/account")


def test_a_link_lets_a_person_choose_a_password_once(
    chromium: Browser, closed: tuple[RunningDesk, str]
) -> None:
    desk, link = closed
    with chromium.new_context(base_url=desk.url, **DESKTOP) as context:
        page = context.new_page()
        page.goto(f"/welcome?token={link}")
        expect(page.get_by_text("Bea", exact=True)).to_be_visible()
        page.get_by_label("New password").fill("passwordpassword")
        page.get_by_role("button", name="Set the password").click(delay=90)
        expect(page.get_by_role("alert")).to_contain_text("Choose another password")
        page.get_by_label("New password").fill(ANOTHER)
        page.get_by_role("button", name="Set the password").click(delay=90)
        expect(rows(page)).to_have_count(1)
        page.goto(f"/welcome?token={link}")
        expect(page.get_by_role("alert")).to_contain_text("This link has ended")
        page.get_by_role("link", name="Go to the sign-in").click(delay=90)
        expect(page).to_have_url(re.compile("/sign-in$"))
