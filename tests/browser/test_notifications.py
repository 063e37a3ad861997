"""Two colleagues in two browsers: a mention, an assignment, and what the other is told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from harness.accounts import account, acting, session_token
from tests.browser.axe import faults
from tests.browser.conftest import DESKTOP, PHONE, Chrome, Size
from tests.browser.interaction import press
from tests.browser.test_frame import SMALL_TARGETS, width_of
from tests.closed_desks import closed_database
from tests.services.desk import opened
from tests.serving import RunningDesk, running_desk
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.tokens import COOKIE
from ticket_app.vocabulary import Role

NAMES = {
    "bea": "Bea Bell",
    "cay": "Cay",
    "ann1": "Ann Lee",
    "ann2": "Ann Lee",
    "jo": "José Álvarez",
}


@dataclass
class Team:
    """A running desk, and its people by a short name."""

    desk: RunningDesk
    people: dict[str, int]

    def page(self, visitors: Chrome, who: str, address: str, size: Size = DESKTOP) -> Page:
        """Returns a page of this person."""
        page = visitors.page("about:blank", size)
        token = session_token(self.people[who])
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": self.desk.url}])
        page.goto(f"{self.desk.url}{address}")
        return page


@pytest.fixture(scope="module")
def closed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A desk with a team. This process uses its database."""
    assert chromium is not None
    folder = tmp_path_factory.mktemp("notifications")
    with closed_database(folder) as url:
        people = {each: account(f"{each}@example.com", Role.AGENT) for each in NAMES}
        for each, name in NAMES.items():
            directory.rename_self(acting(people[each], Role.AGENT), name)
        with running_desk(folder, DATABASE_URL=url, UNDO_SEND_SECONDS="1") as desk:
            yield Team(desk, people)


def offered(page: Page) -> Locator:
    """Returns the names that the composer offers."""
    return page.get_by_role("region", name="Write").get_by_role("option")


def test_a_colleague_is_told_of_a_mention_and_of_a_ticket(visitors: Chrome, closed: Team) -> None:
    first, second = (opened(title=each).id for each in ("Billed twice", "No paper"))
    bea = closed.page(visitors, "bea", "/board", PHONE)
    cay = closed.page(visitors, "cay", f"/t/{first}")
    expect(bea).to_have_title("Board · Support desk")
    press(cay, cay.get_by_text("Note, team only"))
    note = cay.get_by_label("Note, for the team only")
    note.press_sequentially("@be")
    expect(offered(cay)).to_be_visible()
    note.press("Enter")
    note.press_sequentially("knows this.")
    note.press("Control+Enter")
    expect(bea).to_have_title("(1) Board · Support desk")
    cay.goto(f"{closed.desk.url}/t/{second}")
    cay.get_by_label(f"Assignee of ticket {second}").select_option("Bea Bell")
    expect(bea).to_have_title("(2) Board · Support desk")
    press(bea, bea.get_by_role("link", name="For you 2 unread"))
    rows = bea.get_by_role("main").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("Cay.*assigned you"), re.compile("Cay.*mentioned you")])
    assert bea.evaluate(SMALL_TARGETS, 44) == []
    assert width_of(bea) <= PHONE["viewport"]["width"]
    assert faults(bea) == []
    with bea.context.expect_page() as tab:
        rows.last.get_by_role("link").click(modifiers=["ControlOrMeta"])
    expect(tab.value.get_by_text("@Bea Bell knows this.")).to_be_visible()
    expect(bea).to_have_title("(1) Notifications · Support desk")
    expect(rows.last.get_by_role("link")).not_to_contain_text("Unread")
    press(bea, bea.get_by_role("button", name="Mark all as read"))
    expect(bea).to_have_title("Notifications · Support desk")
    expect(bea.get_by_role("link", name="For you", exact=True)).to_be_visible()
    expect(bea.locator("#content")).to_be_focused()
    press(bea, rows.first.get_by_role("link"))
    expect(bea).to_have_url(re.compile(f"/t/{second}$"))
    cay.goto(f"{closed.desk.url}/notifications")
    expect(cay.get_by_text("Nothing yet.")).to_be_visible()
    assert faults(cay) == []


def test_names_are_chosen_while_one_writes(visitors: Chrome, closed: Team) -> None:
    page = closed.page(visitors, "cay", f"/t/{opened().id}")
    box = page.get_by_label("Reply to the requester")
    names = offered(page)
    chosen = page.get_by_role("region", name="Write").get_by_role("option", selected=True)
    box.press_sequentially("Hello  and bye")
    for _ in range(8):
        box.press("ArrowLeft")
    box.press_sequentially("@LEE")
    expect(names).to_have_count(2)
    expect(chosen).to_contain_text("ann1@example.com")
    assert faults(page) == []
    box.press("ArrowUp")
    expect(chosen).to_contain_text("ann2@example.com")
    expect(box).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    box.press("Tab")
    twin = closed.people["ann2"]
    expect(box).to_have_value(f"Hello @Ann Lee ({twin})  and bye")
    box.press_sequentially("x")
    expect(box).to_have_value(f"Hello @Ann Lee ({twin}) x and bye")
    for _ in range(2):
        box.press("Control+z")
    expect(box).to_have_value("Hello @LEE and bye")
    box.press("ArrowRight")
    for _ in range(4):
        box.press("Backspace")
    box.press_sequentially("@le")
    expect(names).to_have_count(2)
    box.press("Escape")
    expect(names).to_have_count(0)
    box.press_sequentially("e")
    box.press("Enter")
    expect(box).to_have_value("Hello @lee\n and bye")
    box.fill("")
    box.press_sequentially("a@be, @jose")
    press(page, names)
    expect(box).to_have_value("a@be, @José Álvarez ")
    expect(box).to_be_focused()
    box.press("Enter")
    box.press_sequentially("@ca")  # oneself
    expect(names).to_have_count(0)
    box.press("Enter")
    expect(box).to_have_value("a@be, @José Álvarez \n@ca\n")
