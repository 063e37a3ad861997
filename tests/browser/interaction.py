"""Presses of the mouse, and checks of the focus and of clipped text."""

from playwright.sync_api import Locator, Page

PRESS_MS = 90

FOCUSED = """() => {
  const one = document.activeElement;
  return one === document.body ? 'body' : (one.ariaLabel ?? one.innerText ?? '').trim() || one.id;
}"""
COVERED_FOCUS = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + box.height / 2];
  const [one, there] = [document.activeElement, document.elementFromPoint(x, y)];
  const seen = one === document.body || (there && (one.contains(there) || there.contains(one)));
  return seen ? '' : `${one.outerHTML.slice(0, 80)} at ${x}, ${y}`;
}"""
"""Returns the focused element if another one covers it, otherwise an empty string."""
CLIPPED_BY = """one => {
  const cut = [];
  for (let each = one; each !== document.body; each = each.parentElement) {
    const {overflowX, overflowY} = getComputedStyle(each), scrolled = /auto|scroll/;
    const wide = each.scrollWidth > each.clientWidth + 1 && overflowX !== 'visible';
    const high = each.scrollHeight > each.clientHeight + 1 && overflowY !== 'visible';
    if (wide && !each.matches('.board') || high && !scrolled.test(overflowY))
      cut.push(each.className);
  }
  return cut;
}"""
"""Returns the classes of the ancestors that clip an element, the innermost first."""


def press(page: Page, target: Locator) -> None:
    """Press an element with the mouse at its present place, for PRESS_MS."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + min(box["width"] / 2, 40), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(PRESS_MS)
    page.mouse.up()


def focused_text(page: Page) -> str:
    """Returns the label or text of the focused element; "body" if there is none."""
    said: str = page.evaluate(FOCUSED)
    return said


def top_of(target: Locator) -> float:
    """Returns an element's distance in pixels from the top of the window."""
    return float(target.evaluate("one => one.getBoundingClientRect().top"))
