"""A card is dragged by every input device, with any of the person's display settings."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, Chrome, Desk
from tests.browser.dragging import WAYS, drag
from tests.browser.locators import column, handle

SETTINGS = {
    "as it comes": {},
    "reduced motion": {"reduced_motion": "reduce"},
    "forced colours": {"forced_colors": "active"},
}


OVERFLOWING = """() => [...document.querySelectorAll('.column, .ticket-card')]
  .filter(one => one.scrollWidth > one.clientWidth).map(one => one.className)"""


@pytest.mark.parametrize(
    ("setting", "ways"),
    [("as it comes", WAYS), ("reduced motion", WAYS[2:]), ("forced colours", WAYS[:1])],
)
def test_a_drag_is_saved(chrome: Chrome, desk: Desk, setting: str, ways: tuple[str, ...]) -> None:
    desk.file(title="Leave me", status="open")
    tickets = {way: desk.file(title=f"Drag me by {way}", status="open") for way in ways}
    page = chrome.page("/board", DESKTOP | {"has_touch": True}, **SETTINGS[setting])
    expect(handle(page, f"Drag me by {ways[0]}")).to_be_visible()
    for saved, (way, ticket) in enumerate(tickets.items(), start=1):
        drag(page, ticket["title"], "In progress", way)
        expect(column(page, "In progress")).to_contain_text(ticket["title"])
        expect(column(page, "Open")).not_to_contain_text(ticket["title"])
        heading = column(page, "In progress").get_by_role("heading")
        expect(heading).to_have_text(re.compile(rf"\D{saved}$"))  # the server has counted it
        assert desk.get(ticket["id"])["status"] == "in_progress"


@pytest.mark.prove
@pytest.mark.parametrize("setting", ["reduced motion", "forced colours"])
def test_a_drag_is_saved_in_every_way(chrome: Chrome, desk: Desk, setting: str) -> None:
    test_a_drag_is_saved(chrome, desk, setting, WAYS)


def test_the_board_fits_a_narrow_window(chrome: Chrome, desk: Desk) -> None:
    desk.file(title="A" * 200, status="open")
    page = chrome.page("/board")
    expect(column(page, "Open").get_by_role("combobox")).to_be_visible()
    for width in (901, 1024, 1180):
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERFLOWING) == [], width
