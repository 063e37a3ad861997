"""Edges of controls, and dots, bars and keys, have enough contrast."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import SCHEMES
from tests.browser.conftest import DESKTOP, Chrome, Desk
from tests.browser.contrast import COLOURS, SETTLED
from tests.browser.test_frame import PLACES, full_desk, ready

CONTRAST = (
    COLOURS
    + """
const behind = one => {
  for (let each = one; each; each = each.parentElement) {
    const colour = rgba(getComputedStyle(each).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return rgba(getComputedStyle(document.documentElement).backgroundColor);
};
const mixed = ([r, g, b, a], under) =>
  [r, g, b].map((v, i) => (v * a + under[i] * (255 - a)) / 255);
const contrast = (colour, under) => {
  const [a, b] = [light(mixed(rgba(colour), under)), light(under)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
/* The best of its own colour and its edges, against what it lies on. */
const standsOut = one => {
  const style = getComputedStyle(one), under = behind(one.parentElement);
  const drawn = ['Top', 'Bottom'].filter(side => parseFloat(style[`border${side}Width`]) > 0
    && style[`border${side}Style`] !== 'none').map(side => style[`border${side}Color`]);
  return Math.max(...[style.backgroundColor, ...drawn].map(colour => contrast(colour, under)));
};
const seen = one => one.checkVisibility({visibilityProperty: true, opacityProperty: true});
"""
)

FAINT_EDGES = f"""() => {{ {CONTRAST}
  const controls = [...document.querySelectorAll(
    'input:not([type=checkbox]), select, textarea, .chip, .button:not(.bare):not([disabled])')];
  const faint = controls.filter(seen).map(one => [one, standsOut(one)]).filter(([, c]) => c < 3);
  return {{
    checked: controls.length,
    faint: faint.map(([one, c]) => `${{one.ariaLabel ?? one.className}} ${{c.toFixed(2)}}`),
  }};
}}"""

LOST = f"""wanted => {{ {CONTRAST}
  const lost = [];
  for (const selector of wanted) {{
    const all = [...document.querySelectorAll(selector)].filter(seen);
    const sized = all.filter(one => one.offsetWidth > 0 && one.offsetHeight > 0);
    if (!sized.length) lost.push(`${{selector}}: not on the page`);
    for (const one of sized)
      if (standsOut(one) < 3) lost.push(`${{selector}} ${{standsOut(one).toFixed(2)}}`);
  }}
  return [...new Set(lost)];
}}"""

DRAWN = {
    "/": (".status-select .dot", ".urgency .fill", ".bar .fill", ".spark-bars span"),
    "/board": (".status-select .dot", ".urgency .fill"),
    "/insights": (".key i", ".interval .span", ".interval .mark"),
}


def judged_desk(desk: Desk) -> None:
    """A desk with tickets of every kind, one with a suggestion that a person has judged."""
    full_desk(desk)
    ticket = desk.file(description="My card was charged twice, please refund it.")
    desk.change(ticket["id"], category="technical")


@pytest.mark.parametrize("path", PLACES)
def test_edges_stand_out_and_forced_colours_keep_what_is_drawn(
    chrome: Chrome, desk: Desk, path: str
) -> None:
    judged_desk(desk)
    page = chrome.page(path, DESKTOP)
    ready(page, path)
    if path == "/insights":
        expect(page.locator(".interval").first).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, forced_colors="none")
        expect(page.locator("html")).to_have_class(re.compile(scheme))  # a script sets it
        page.evaluate(SETTLED)
        found = page.evaluate(FAINT_EDGES)
        assert found["checked"] >= 2
        assert found["faint"] == [], scheme
        page.emulate_media(color_scheme=scheme, forced_colors="active")
        assert page.evaluate(LOST, DRAWN[path]) == [], scheme
