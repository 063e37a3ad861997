"""Times are shown in the reader's time zone, and ages grow by themselves."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chrome, Desk
from tests.browser.locators import row
from tests.services.desk import PLAIN, command_at
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.tickets.filing import open_ticket


class Reader(NamedTuple):
    """A browser's locale and time zone, its format of times, and 05:04:03 UTC in it."""

    timezone_id: str
    locale: str
    time_text: str
    zone: str


READERS = (
    Reader("Asia/Tokyo", "en-US", "2:04", "PM GMT+9"),
    Reader("Asia/Kolkata", "de-DE", "10:34", "GMT+5:30"),
)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.zone)
def test_times_are_told_in_the_zone_of_whoever_reads(
    chrome: Chrome, desk: Desk, reader: Reader
) -> None:
    now = datetime.now(UTC)
    filed = now.replace(hour=5, minute=4, second=3) - timedelta(days=3)
    age_text = f"{round((now - filed) / timedelta(days=1))} days ago"
    new = TicketCreate.model_validate(PLAIN | {"title": "Three days old"})
    ticket = open_ticket(command_at(filed), new)
    desk.change(ticket.id, priority="critical")
    day = f"{filed:%b} {filed.day}, {filed.year}"
    page = chrome.page("/", timezone_id=reader.timezone_id, locale=reader.locale)
    this = row(page, ticket.id)
    age = this.locator(".row-meta time")
    expect(age).to_have_text(age_text)
    expect(age.get_by_title(f"{day}, {reader.time_text}")).to_have_count(1)
    expect(age).to_have_attribute("datetime", re.compile(rf"^{filed:%Y-%m-%dT05:04:03}"))
    this.get_by_role("button", name="Three days old").click()
    expect(this.locator("aside")).to_contain_text(
        re.compile(rf"Filed\W*{day}, 0?{reader.time_text}:03\s{re.escape(reader.zone)}")
    )
    expect(this.locator("aside li", has_text="→ Critical")).to_contain_text(
        re.compile(rf"over REST, .*{re.escape(reader.zone).replace('PM', '[AP]M')}")
    )
    page.goto("/board")
    card = page.locator(".ticket-card", has_text="Three days old").locator("time")
    expect(card).to_have_text(age_text)
    page.goto("/insights")
    expect(page.get_by_role("main")).to_contain_text("UTC")


def test_an_age_grows_while_a_page_stays_open_and_is_never_negative(
    chrome: Chrome, desk: Desk
) -> None:
    now = datetime.now(UTC)
    ticket = desk.file()
    page = chrome.page("about:blank")
    page.clock.install(time=now - timedelta(minutes=10))  # a clock that is behind the desk's
    page.goto(desk.url)
    age = row(page, ticket["id"]).locator(".row-meta time")
    expect(age).to_have_text("this minute")
    page.clock.fast_forward(timedelta(minutes=15).seconds * 1000)
    expect(age).to_have_text(re.compile("^[45] min. ago"))
