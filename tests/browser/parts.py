"""The parts of the pages, found as a person finds them: by their words."""

import re

from playwright.sync_api import Locator, Page


def form(page: Page) -> Locator:
    """The form for a new ticket."""
    beside, sheet = (page.get_by_role(role, name="New ticket") for role in ("region", "dialog"))
    return beside.or_(sheet)


def title(page: Page) -> Locator:
    """The title of the new ticket."""
    return form(page).get_by_label("Title", exact=True)


def description(page: Page) -> Locator:
    """What is wrong."""
    return form(page).get_by_label("What is wrong?")


def category(page: Page) -> Locator:
    """The category of the new ticket."""
    return form(page).get_by_label("Category")


def priority(page: Page) -> Locator:
    """The priority of the new ticket."""
    return form(page).get_by_label("Priority")


def rows(page: Page) -> Locator:
    """The tickets of the queue; not those that are no longer in it, and still stand there."""
    return page.locator("[data-ticket]:not([data-gone])")


def row(page: Page, ticket_id: int) -> Locator:
    """One ticket of the queue."""
    return page.locator(f'[data-ticket="{ticket_id}"]')


def status_of(page: Page, ticket_id: int) -> Locator:
    """The select that changes a ticket's status."""
    return page.get_by_label(f"Status of ticket {ticket_id}", exact=True)


def figure(page: Page, name: str) -> Locator:
    """The number below a word such as "Open"."""
    term = page.get_by_role("main").locator("dt", has_text=re.compile(f"^{name}$"))
    return term.locator("xpath=following-sibling::dd")


def column(page: Page, name: str) -> Locator:
    """A column of the board by its status."""
    return page.get_by_role("region", name=name)


def handle(page: Page, title: str) -> Locator:
    """The part of a card by which it is lifted."""
    return page.get_by_role("main").get_by_role("button", name=title)
