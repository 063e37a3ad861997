"""A second factor by hand: set up, signed in with, recovered from, and needed by a role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from harness.accounts import ADMINISTRATOR, PASSWORD, account, code_of
from tests.browser.conftest import DESKTOP, PHONE, Chrome
from tests.browser.interaction import press
from tests.closed_desks import closed_database
from tests.serving import RunningDesk, running_desk
from ticket_app.vocabulary import Role

BEA = "bea@example.com"


@dataclass
class Closed:
    """A running desk whose administrators need a second factor."""

    desk: RunningDesk


@pytest.fixture(scope="module")
def closed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    assert chromium is not None
    folder = tmp_path_factory.mktemp("factor")
    with closed_database(folder) as url:
        account(BEA, Role.AGENT)
        with running_desk(folder, DATABASE_URL=url, REQUIRE_SECOND_FACTOR="administrator") as desk:
            yield Closed(desk)


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter", delay=90)


def set_up(page: Page) -> tuple[str, list[str]]:
    """Sets a second factor up; returns the secret and the recovery codes that the page shows."""
    page.locator("#factor-password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Set up"))
    field = page.get_by_label("Code of the app")
    expect(field).to_be_focused()
    expect(page.get_by_role("img", name="QR code of the secret")).to_be_visible()
    secret = page.locator("#factor-secret").inner_text().replace(" ", "")
    page.keyboard.type("12")
    page.keyboard.press("Enter", delay=90)
    expect(page.get_by_role("alert").filter(has_text="This code is wrong")).to_be_visible()
    field.fill(now_code(secret))
    page.keyboard.press("Enter", delay=90)
    codes = page.get_by_role("list", name="Recovery codes")
    expect(codes.get_by_role("listitem")).to_have_count(10)
    expect(codes).to_be_focused()
    return secret, codes.get_by_role("listitem").all_inner_texts()


def now_code(secret: str, steps: int = 0) -> str:
    return code_of(secret, datetime.now(UTC), steps)


def test_an_agent_sets_it_up_signs_in_with_it_and_recovers(
    visitors: Chrome, closed: Closed
) -> None:
    page = visitors.page("/sign-in?next=/account", DESKTOP)
    sign_in(page, BEA)
    expect(page).to_have_url(re.compile("/account$"))
    secret, codes = set_up(page)
    with page.expect_download() as download:
        press(page, page.get_by_role("link", name="Download"))
    assert download.value.suggested_filename == "recovery-codes.txt"
    kept = Path(download.value.path()).read_text(encoding="utf-8")
    assert all(code in kept for code in codes)
    press(page, page.get_by_role("button", name="Done"))
    expect(page.locator("#codes-left")).to_have_text("10")
    heading = page.get_by_role("heading", name="Second factor")
    expect(heading).to_be_focused()

    for code, name in ((now_code(secret, 1), "Go on"), (codes[0], "Use the recovery code")):
        press(page, page.get_by_role("button", name="bea"))
        press(page, page.get_by_role("button", name="Sign out"))
        sign_in(page, BEA)
        expect(page).to_have_url(re.compile("/sign-in/code$"))
        expect(page.get_by_label("Code", exact=True)).to_be_focused()
        page.keyboard.type("12")
        page.keyboard.press("Enter", delay=90)
        expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
        expect(page.get_by_label("Code", exact=True)).to_be_focused()
        if name != "Go on":
            press(page, page.locator("summary", has_text="not at hand"))
            page.get_by_label("Recovery code").focus()
        page.keyboard.type(code)
        page.keyboard.press("Enter", delay=90)
        expect(page).to_have_url(re.compile(r":\d+/$"))

    page.goto("/account")
    expect(page.locator("#codes-left")).to_have_text("9")
    press(page, page.locator("summary", has_text="Turn it off"))
    page.locator("#turn-off-proof").fill("not the password at all")
    page.keyboard.press("Enter", delay=90)
    factor = page.get_by_role("region", name="Second factor")
    expect(factor.get_by_role("alert")).to_contain_text("neither the password nor a code")
    page.locator("#turn-off-proof").fill(PASSWORD)
    page.keyboard.press("Enter", delay=90)
    expect(factor.get_by_role("status")).to_contain_text("The second factor is off.")
    expect(heading).to_be_focused()


def test_an_administrator_without_one_sees_nothing_else(visitors: Chrome, closed: Closed) -> None:
    page = visitors.page("/sign-in", PHONE)
    sign_in(page, ADMINISTRATOR)
    expect(page).to_have_url(re.compile("/second-factor$"))
    expect(page.get_by_text("Your role needs a second factor.")).to_be_visible()
    page.goto("/people")
    expect(page).to_have_url(re.compile("/second-factor$"))
    _, codes = set_up(page)
    assert len(codes) == 10
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    press(page, page.get_by_role("button", name="Done"))
    expect(page.get_by_role("link", name="Go on to the desk")).to_be_focused()
    page.keyboard.press("Enter", delay=90)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto("/people")
    expect(page.get_by_role("listitem").filter(has_text=BEA)).to_be_visible()


def test_the_form_of_a_code_works_before_its_scripts(visitors: Chrome, closed: Closed) -> None:
    page = visitors.page("/sign-in/code", DESKTOP, java_script_enabled=False)
    page.get_by_label("Code", exact=True).fill("123456")
    page.get_by_role("button", name="Go on").click(delay=90)
    expect(page).to_have_url(re.compile(r"/sign-in\?problem=over$"))
