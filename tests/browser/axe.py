"""axe-core's judgement of a page, in the state that it shows."""

import re
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.contrast import SETTLED

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_axe = Axe()


def faults(page: Page) -> list[str]:
    """Returns what axe-core finds in both themes: the theme, the rule and the elements."""
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_class(re.compile(scheme))  # a script sets it
        page.evaluate(SETTLED)
        for each in _axe.run(page).response["violations"]:
            elements = [node["html"][:120] for node in each["nodes"]]
            found.append(f"{scheme} {each['id']}: {elements}")
    return found
