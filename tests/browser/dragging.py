"""Drags a card of the board by mouse, by touch and by keyboard."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.locators import column, handle

COLUMNS = ("Open", "In progress", "Resolved", "Closed")
HELD_MS = 90
TOUCH_HELD_MS = 400
"""Milliseconds. An earlier move of the finger scrolls; the package lifts a card after 120 ms."""
STEPS = 12

Point = tuple[float, float]


def by_mouse(page: Page, title: str, target: str) -> None:
    """Drag a card with the mouse and drop it."""
    drag_over(page, title, target)
    page.mouse.up()


def drag_over(page: Page, title: str, target: str) -> None:
    """Drag a card with the mouse, without the drop."""
    start, end = _way(page, title, target)
    page.mouse.move(*start)
    page.mouse.down()
    page.wait_for_timeout(HELD_MS)
    for point in _steps(start, end):
        page.mouse.move(*point)
    page.wait_for_timeout(HELD_MS)


def by_touch(page: Page, title: str, target: str) -> None:
    """Hold a finger on the card until it is lifted, move it, and lift the finger."""
    start, end = _way(page, title, target)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: Point) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", start)
    page.wait_for_timeout(TOUCH_HELD_MS)
    for point in _steps(start, end):
        touch("touchMove", point)
        page.wait_for_timeout(16)
    touch("touchEnd")


def by_keyboard(page: Page, title: str, target: str) -> None:
    """Lift a card of the column Open with Space, move it with arrows, drop it with Space."""
    handle(page, title).focus()
    page.keyboard.press("Space")
    for _ in range(COLUMNS.index(target)):
        page.wait_for_timeout(2 * HELD_MS)
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(2 * HELD_MS)
    page.keyboard.press("Space")


def _way(page: Page, title: str, target: str) -> tuple[Point, Point]:
    card = handle(page, title).get_by_text(title).bounding_box()
    place = column(page, target).bounding_box()
    assert card
    assert place
    return (card["x"] + 8, card["y"] + 8), (place["x"] + 60, place["y"] + 90)


def _steps(start: Point, end: Point) -> list[Point]:
    (x, y), (to_x, to_y) = start, end
    shares = [step / STEPS for step in range(1, STEPS + 1)]
    return [(x + 12, y + 6), *((x + (to_x - x) * s, y + (to_y - y) * s) for s in shares)]


WAYS: dict[str, Callable[[Page, str, str], None]] = {
    "mouse": by_mouse,
    "touch": by_touch,
    "keyboard": by_keyboard,
}


def drag(page: Page, title: str, target: str, way: str = "mouse") -> None:
    """Move a card to the top of a column."""
    WAYS[way](page, title, target)
