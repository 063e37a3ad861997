"""Drags a card of the board by mouse, by touch and by keyboard."""

from playwright.sync_api import Page, expect

from tests.browser.locators import column, handle

COLUMNS = ("Open", "In progress", "Resolved", "Closed")
HELD_MS = 90
TOUCH_HELD_MS = 400
"""Milliseconds. An earlier move of the finger scrolls; the package lifts a card after 120 ms."""
STEPS = 12
WAYS = ("mouse", "touch", "keyboard")
SAID = "[aria-live=assertive]"
"""Where the board tells in words what becomes of a card."""

Point = tuple[float, float]


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


def lift_over(page: Page, title: str, target: str) -> None:
    """Lift a card of the column Open with Space and move it with arrows, without the drop.

    Each press waits until the page has told of the one before: a busy page would lose it.
    """
    said = page.locator(SAID)
    handle(page, title).focus()
    page.keyboard.press("Space")
    expect(said).to_contain_text("is lifted from")
    for column_name in COLUMNS[1 : COLUMNS.index(target) + 1]:
        page.keyboard.press("ArrowRight")
        expect(said).to_contain_text(f"is over {column_name}")


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


def drag(page: Page, title: str, target: str, way: str = "mouse") -> None:
    """Move a card to the top of a column, by mouse, touch or keyboard."""
    if way == "touch":
        by_touch(page, title, target)
    else:
        hold_over(page, title, target, way)
        drop(page, way)


def hold_over(page: Page, title: str, target: str, way: str) -> None:
    """Move a card over a column by mouse or keyboard, without the drop."""
    (lift_over if way == "keyboard" else drag_over)(page, title, target)


def drop(page: Page, way: str) -> None:
    """Drop the card that is held."""
    if way == "keyboard":
        page.keyboard.press("Space")
    else:
        page.mouse.up()
