"""What hands do and eyes see: a press of the mouse, where the focus is, and what is cut off."""

from playwright.sync_api import Locator, Page

PRESS_MS = 90

FOCUSED = """() => {
  const one = document.activeElement;
  return one === document.body ? 'body' : (one.ariaLabel ?? one.innerText ?? '').trim() || one.id;
}"""
HIDDEN = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + box.height / 2];
  const [one, there] = [document.activeElement, document.elementFromPoint(x, y)];
  const seen = one === document.body || (there && (one.contains(there) || there.contains(one)));
  return seen ? '' : `${one.outerHTML.slice(0, 80)} at ${x}, ${y}`;
}"""
"""What has the focus, where something else lies on it."""
CUT = """one => {
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
"""Which parts around a text cut it off, seen from the text outwards."""


def press(page: Page, target: Locator) -> None:
    """Press a thing with the mouse where it is now: down, 90 ms, up."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + min(box["width"] / 2, 40), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(PRESS_MS)
    page.mouse.up()


def focused(page: Page) -> str:
    """The words of what has the focus; "body" where nothing has it."""
    said: str = page.evaluate(FOCUSED)
    return said


def top_of(target: Locator) -> float:
    """Where a thing begins, from the top of the window."""
    return float(target.evaluate("one => one.getBoundingClientRect().top"))
