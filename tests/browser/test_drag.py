"""A card dragged by every hand, however the person has set their machine."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, Chrome, Desk
from tests.browser.hands import drag
from tests.browser.parts import column

SETTINGS = {
    "as it comes": {},
    "reduced motion": {"reduced_motion": "reduce"},
    "forced colours": {"forced_colors": "active"},
}


OVERFLOWING = """() => [...document.querySelectorAll('.column, .ticket-card')]
  .filter(one => one.scrollWidth > one.clientWidth).map(one => one.className)"""


@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_drag_is_saved(chrome: Chrome, desk: Desk, setting: str, way: str) -> None:
    ticket = desk.file(title="Drag me", status="open")
    desk.file(title="Leave me", status="open")
    page = chrome.page("/board", DESKTOP | {"has_touch": True}, **SETTINGS[setting])
    expect(column(page, "Open")).to_contain_text("Drag me")
    drag(page, "Drag me", "In progress", way)
    expect(column(page, "In progress")).to_contain_text("Drag me")
    expect(column(page, "Open")).not_to_contain_text("Drag me")
    heading = column(page, "In progress").get_by_role("heading")
    expect(heading).to_have_text(re.compile(r"\D1$"))  # the server counts it
    assert desk.get(ticket["id"])["status"] == "in_progress"


@pytest.mark.parametrize("width", [901, 1024, 1180])
def test_the_board_fits_a_narrow_window(chrome: Chrome, desk: Desk, width: int) -> None:
    desk.file(title="A" * 200, status="open")
    page = chrome.page("/board", {"viewport": {"width": width, "height": 768}})
    expect(column(page, "Open").get_by_role("combobox")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []
