"""The frame of every page: navigation, theme, a notice of a lost connection, accessibility."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Chrome, Desk, Size
from tests.browser.contrast import COLOURS, SETTLED
from tests.browser.locators import category, description, row, rows, status_of, title
from tests.browser.proxy import proxy_to

PLACES = ("/", "/board", "/insights")
LONG = "Averylongwordwithoutanyblankthatnobodywouldeverwritebutamachine" * 3
LOST = "Connection lost"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"

UNLABELLED = """() => [...document.querySelectorAll('input, select, textarea')]
  .filter(one => !one.labels.length && !one.ariaLabel).map(one => one.outerHTML)"""
"""A placeholder is no label: it disappears once somebody types."""

SMALL_TARGETS = """least => {
  const small = [];
  for (const one of document.querySelectorAll('button, select, input, textarea, a, summary')) {
    const box = (one.closest('label') ?? one).getBoundingClientRect();
    const seen = one.checkVisibility({visibilityProperty: true, opacityProperty: true});
    if (!seen || box.right <= 0 || box.bottom <= 0 || one.matches('.skip')) continue;
    if (box.height < least || box.width < least)
      small.push(`${one.tagName} ${one.ariaLabel ?? one.innerText} ${box.width}x${box.height}`);
  }
  return small;
}"""

FAINT_TEXTS = (
    "() => {"
    + COLOURS
    + """
  const behind = one => {
    for (let each = one; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const faint = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let checked = 0;
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement, words = walker.currentNode.data.trim();
    if (!words || !one.checkVisibility({visibilityProperty: true})) continue;
    if (one.closest('script, style, svg, option')) continue;
    const [a, b] = [light(rgba(getComputedStyle(one).color)), light(behind(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    checked += 1;
    if (contrast < 4.5) faint.push(`${words.slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return {faint, checked};
}"""
)


def full_desk(desk: Desk) -> None:
    """A desk with a ticket of every kind, one of them with words that do not break."""
    for index, status in enumerate(("open", "in_progress", "resolved", "closed")):
        priority = ("low", "medium", "high", "critical")[index]
        category = ("billing", "technical", "account", "general")[index]
        desk.file(title=f"Ticket {index}", status=status, priority=priority, category=category)
    desk.file(title=LONG[:200], description=LONG, requester_name=LONG[:100], priority="critical")


def ready(page: Page, path: str) -> None:
    """Wait until the tickets are shown."""
    if path == "/insights":
        expect(page.locator("svg.recharts-surface:visible").first).to_be_visible()
    else:
        expect(page.get_by_text("Ticket 0").first).to_be_attached()


@pytest.mark.parametrize("path", PLACES)
def test_a_page_is_named_fits_its_window_and_has_large_targets(
    chrome: Chrome, desk: Desk, size: Size, path: str
) -> None:
    full_desk(desk)
    page = chrome.page(path, size)
    ready(page, path)
    expect_names_and_landmarks(page)
    least = 44 if size is PHONE else 24
    assert page.evaluate(SMALL_TARGETS, least) == []
    assert width_of(page) <= size["viewport"]["width"]
    if path == "/":
        page.get_by_role("button", name=LONG[:60]).click()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        assert width_of(page) <= size["viewport"]["width"]
        page.get_by_role("button", name=LONG[:60]).click()
        page.get_by_role("button", name="New ticket").click()
        expect(title(page)).to_be_visible()
        assert page.evaluate(SMALL_TARGETS, least) == []


def width_of(page: Page) -> int:
    """Returns the pixels that the page takes, which a window scrolls if it has fewer."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def expect_names_and_landmarks(page: Page) -> None:
    """Expect a title, landmarks, headings in order, and a name for each control."""
    for landmark in ("banner", "main"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(page.get_by_role("navigation", name="Places")).to_be_visible()
    assert page.title().endswith("· Support desk")
    assert page.locator("html").get_attribute("lang") == "en"
    levels = [int(found) for found in re.findall(r"\[level=(\d)\]", page.aria_snapshot())]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    controls = re.findall(
        r"- (button|combobox|textbox|searchbox|checkbox|link)(.*)", page.aria_snapshot()
    )
    assert len(controls) > 5
    assert [one for one in controls if not one[1].startswith(' "')] == []
    assert page.evaluate(UNLABELLED) == []


@pytest.mark.parametrize("path", PLACES)
def test_texts_stand_out(chrome: Chrome, desk: Desk, path: str) -> None:
    full_desk(desk)
    page = chrome.page(path, color_scheme="light", reduced_motion="reduce")
    ready(page, path)
    if path == "/":
        description(page).fill("My card was charged twice.")
        expect(category(page)).to_have_value("billing")
        page.get_by_role("button", name="File ticket").click()
        expect(title(page)).to_have_attribute("aria-invalid", "true")
    for theme in ("light", "dark"):
        if theme == "dark":
            page.get_by_role("button", name="Theme").click()
        expect(page.locator("html")).to_have_class(re.compile(theme))
        page.evaluate(SETTLED)
        found = page.evaluate(FAINT_TEXTS)
        assert found["checked"] > 20
        assert found["faint"] == [], theme


@pytest.mark.rest_in_prove("size")
def test_the_theme_switches_and_stays(chrome: Chrome, desk: Desk, size: Size) -> None:
    desk.file()
    page = chrome.page("/", size, color_scheme="light")
    expect(rows(page)).to_have_count(1)
    light = page.evaluate(GROUND)
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    dark = page.evaluate(GROUND)
    assert dark != light
    page.reload()
    expect(rows(page)).to_have_count(1)
    assert page.evaluate(GROUND) == dark
    page.get_by_role("link", name="Board").click()
    assert page.evaluate(GROUND) == dark


def test_the_keyboard_alone_reaches_the_content(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file()
    page = chrome.page("/")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(inside)
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "2px"
    status_of(page, ticket["id"]).focus()
    page.keyboard.press("ArrowDown")
    expect(status_of(page, ticket["id"])).to_have_value("in_progress")


def test_an_unknown_address_leads_back(chrome: Chrome, desk: Desk) -> None:
    desk.file()
    page = chrome.page("about:blank")
    answer = page.goto(f"{desk.url}/nothing/here")
    assert answer
    assert answer.status == 404
    expect(page.get_by_text("There is no page at this address.")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Go to the desk").click()
    expect(rows(page)).to_have_count(1)
    chrome.console_errors = [one for one in chrome.console_errors if "status of 404" not in one]


def test_what_is_typed_while_the_connection_is_lost_stays(chrome: Chrome, desk: Desk) -> None:
    whole = "My card was charged twice, and nobody answers."
    with proxy_to(desk.url) as proxy:
        page = chrome.page(proxy.url)
        description(page).fill("My card was charged twice")
        title(page).fill("Card")
        expect(category(page)).to_have_value("billing")
        proxy.cut()
        expect(page.get_by_text(LOST)).to_be_visible()
        description(page).press("End")
        description(page).press_sequentially(whole.removeprefix("My card was charged twice"))
        title(page).press("End")
        title(page).press_sequentially(" charged")
        proxy.restore()
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=30_000)
        newcomer = desk.file(title="Filed meanwhile")
        expect(row(page, newcomer["id"])).to_be_visible()  # the page has loaded anew
        expect(description(page)).to_have_value(whole)
        expect(title(page)).to_have_value("Card charged")
        page.get_by_role("button", name="File ticket").click()
        expect(rows(page)).to_have_count(2)
        assert (desk.tickets()[0]["title"], desk.tickets()[0]["description"]) == (
            "Card charged",
            whole,
        )
        page.context.close()
    chrome.console_errors.clear()  # the cut connection's own errors are expected


def test_what_was_typed_survives_a_reload_and_another_page(chrome: Chrome, desk: Desk) -> None:
    page = chrome.page("/")
    title(page).fill("Card")
    description(page).fill("My card was charged twice.")
    expect(category(page)).to_have_value("billing")
    page.reload()
    expect(description(page)).to_have_value("My card was charged twice.")
    expect(title(page)).to_have_value("Card")
    page.get_by_role("link", name="Board").click()
    expect(page).to_have_url(re.compile("/board"))
    page.get_by_role("link", name="Desk", exact=True).click()
    expect(description(page)).to_have_value("My card was charged twice.")
    expect(title(page)).to_have_value("Card")
    page.get_by_role("button", name="File ticket").click()
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(description(page)).to_have_value("")
