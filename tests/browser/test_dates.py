"""The reader chooses the language of dates, and this browser keeps it."""

from playwright.sync_api import expect

from tests.browser.conftest import Chrome, Desk
from tests.browser.locators import row

AT = "2026-12-31T18:05:00+00:00"
WRITTEN = {
    "de-DE": "31. Dez. 2026, 18:05",
    "iso": "2026-12-31, 18:05",
    "en-US": "Dec 31, 2026, 6:05 PM",
}


def test_a_choice_is_kept_and_every_time_follows_it(chrome: Chrome, desk: Desk) -> None:
    ticket = desk.file(title="Printer")
    page = chrome.page("/", timezone_id="UTC")
    age = row(page, ticket["id"]).locator("relative-time")
    expect(age).to_have_text("this minute")
    page.get_by_role("button", name="Open", exact=True).click()
    choice = page.get_by_label("Dates")
    sample = page.locator(f'relative-time[datetime="{AT}"]')
    for language, words in WRITTEN.items():
        choice.select_option(language)
        expect(sample).to_have_text(words)
    choice.select_option("de-DE")
    expect(sample).to_have_text(WRITTEN["de-DE"])
    page.reload()
    expect(age).to_have_text("in dieser Minute")
    expect(age).to_have_attribute("lang", "de-DE")
