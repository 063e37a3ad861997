"""Locators of the parts of the pages, by the words that a person sees."""

import re

from playwright.sync_api import Locator, Page


def form(page: Page) -> Locator:
    """Returns the form for a new ticket, whether it is a region or a dialog."""
    beside, sheet = (page.get_by_role(role, name="New ticket") for role in ("region", "dialog"))
    return beside.or_(sheet)


def title(page: Page) -> Locator:
    return form(page).get_by_label("Title", exact=True)


def description(page: Page) -> Locator:
    return form(page).get_by_label("What is wrong?")


def category(page: Page) -> Locator:
    return form(page).get_by_label("Category")


def priority(page: Page) -> Locator:
    return form(page).get_by_label("Priority")


def rows(page: Page) -> Locator:
    """Returns the queue's rows, without those that have left the list and are still shown."""
    return page.locator("[data-ticket]:not([data-gone])")


def row(page: Page, ticket_id: int) -> Locator:
    return page.locator(f'[data-ticket="{ticket_id}"]')


def status_of(page: Page, ticket_id: int) -> Locator:
    """Returns the select that changes a ticket's status."""
    return page.get_by_label(f"Status of ticket {ticket_id}", exact=True)


def figure(page: Page, name: str) -> Locator:
    """Returns the number below a term such as "Open"."""
    term = page.get_by_role("main").locator("dt", has_text=re.compile(f"^{name}$"))
    return term.locator("xpath=following-sibling::dd")


def column(page: Page, name: str) -> Locator:
    """Returns the board's column for a status."""
    return page.get_by_role("region", name=name)


def handle(page: Page, title: str) -> Locator:
    """Returns the handle by which a card is lifted."""
    return page.get_by_role("main").get_by_role("button", name=title)
