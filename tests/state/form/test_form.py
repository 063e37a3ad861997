"""The form keeps what was typed on an error, and files a ticket once, as the form shows it."""

import pytest

from tests.services.desk import all_tickets, suggestions_of
from tests.state.conftest import Database
from tests.state.form.form_fields import (
    CHARGED,
    OUTAGE,
    choose,
    emptied_texts,
    fields,
    form_data,
    shown_choices,
)
from tests.state.page import Page, Tabs
from ticket_app.state.form import form
from ticket_app.state.form.form import Form
from ticket_app.state.form.form_input import KEY, LONGEST

pytestmark = pytest.mark.anyio


async def test_errors_stand_at_their_fields_and_nothing_is_filed(tabs: Tabs) -> None:
    page = await tabs.open()
    await choose(page, "category", "account")
    await page.do(Form.submit(form_data(title="x" * 203, requester_email="nobody")))
    shown = page.shown(Form)
    assert shown["errors"] == {
        "title": "Shorten this by 3 characters; the limit is 200.",
        "description": "Write what is wrong.",
        "requester_email": "Write an e-mail address such as ana@example.com.",
    }
    assert ("_set_focus", {"ref": "ref_title"}) in page.browser_events
    assert emptied_texts(page) == []
    assert fields(page)["category"] == "account"
    assert all_tickets() == []


async def test_the_form_knows_the_rules_of_texts_and_addresses(tabs: Tabs) -> None:
    page = await tabs.open()
    blank = form_data(
        title="\u3164\u00ad", description="\u2800", requester_email="ana@example.com,"
    )
    await page.do(Form.submit(blank))
    assert set(page.shown(Form)["errors"]) == {"title", "description", "requester_email"}
    await page.do(Form.submit(form_data(title="a\x1bb", description="\u200dx")))
    assert set(page.shown(Form)["errors"]) == {"title"}
    assert all_tickets() == []


async def test_corrected_errors_go_away(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.submit(form_data()))
    assert set(page.shown(Form)["errors"]) == {"title", "description"}
    await page.do(Form.submit(form_data(title="Card", description=CHARGED)))
    assert page.shown(Form)["errors"] == {}
    assert len(all_tickets()) == 1


async def test_a_filed_ticket_has_what_was_typed_chosen_and_seen(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await choose(page, "priority", "high")
    await page.do(
        Form.submit(
            form_data(
                page,
                title=" No work ",
                description=OUTAGE,
                requester_name="Ana",
                requester_email="ana@example.com",
            )
        )
    )
    (ticket,) = all_tickets()
    assert (ticket.title, ticket.description) == ("No work", OUTAGE)
    assert (ticket.category, ticket.priority) == ("technical", "high")
    assert (ticket.requester_name, ticket.requester_email) == ("Ana", "ana@example.com")
    assert {one.field: one.value for one in suggestions_of(ticket.id)}["priority"] == "critical"
    shown = page.shown(Form)
    assert shown["filed"] == ticket.id
    assert emptied_texts(page) == [*LONGEST]
    assert shown_choices(page) == ("", False, "", False)
    assert shown["engine"] == ""


async def test_the_last_keys_of_a_filed_ticket_start_no_new_one(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.submit(form_data(title="No work", description=OUTAGE)))
    await page.do(Form.write("title", "No work"))  # their debounce of 300 and 800 ms ends only now
    await page.do(Form.describe(OUTAGE))
    assert shown_choices(page) == ("", False, "", False)
    page.browser_events.clear()
    await page.do(Form.meet(form_data()))
    assert (fields(page)["title"], fields(page)["description"]) == ("", "")


async def test_a_database_that_is_away_keeps_the_text_and_says_so(
    tabs: Tabs, file: Database
) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    with file.away():
        await page.do(Form.submit(form_data(title="No work", description=OUTAGE)))
    shown = page.shown(Form)
    assert shown["problem"].endswith(" Your text is kept.")
    assert emptied_texts(page) == []
    assert shown_choices(page) == ("technical", True, "critical", True)
    await page.do(Form.submit(form_data(title="No work", description=OUTAGE)))
    assert page.shown(Form)["problem"] == ""
    assert len(all_tickets()) == 1


async def test_new_ticket_opens_the_form_wherever_the_person_is(tabs: Tabs) -> None:
    page = await tabs.open("/")
    await page.do(Form.start())
    assert page.shown(Form)["shown"] is False  # beside the queue it is always in view
    await page.do(Form.start(True))
    assert page.shown(Form)["shown"] is True
    assert page.redirects == []
    await page.do(Form.close())
    assert page.shown(Form)["shown"] is False
    page = await tabs.open("/board")
    await page.do(Form.start())
    assert page.redirects == ["/"]
    await page.follow()
    assert page.shown(Form)["coming"] is True  # the form takes the focus when it is drawn
    await page.do(Form.meet({}))
    assert page.shown(Form)["coming"] is False
    # An answer of the desk may come while the person types.
    assert "_set_focus" not in [name for name, _ in page.browser_events]


async def test_only_a_form_that_is_drawn_anew_gets_the_text_of_the_one_before(tabs: Tabs) -> None:
    def put_back(page: Page) -> dict[str, str]:
        asked = page.browser_events
        return {each["ref"]: each["value"] for name, each in asked if name == "_set_value"}

    page = await tabs.open("/")
    await page.do(Form.write("title", "No work"))
    await page.do(Form.describe(OUTAGE))
    page.browser_events.clear()
    await page.open("/")  # as after a reconnection; the browser's fields are newer
    assert put_back(page) == {}
    await page.do(Form.meet({}))
    key = put_back(page).pop("ref_form_key")
    assert put_back(page) == {
        "ref_title": "No work", "ref_description": OUTAGE, "ref_form_key": key,
        "ref_category": "technical", "ref_offered_category": "technical",
        "ref_priority": "critical", "ref_offered_priority": "critical",
    }  # fmt: skip
    await page.do(Form.submit(form_data(page, title="No work", description=OUTAGE)))
    page.browser_events.clear()
    await page.do(Form.meet({}))
    assert [*put_back(page)] == ["ref_form_key"]
    assert put_back(page)["ref_form_key"] != key


async def test_a_form_that_is_sent_again_shows_the_ticket_that_it_filed(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.meet({}))
    data = form_data(page, title="No work", description=OUTAGE)
    assert data[KEY]
    for _ in range(3):
        await page.do(Form.submit(data))
    (ticket,) = all_tickets()
    assert page.shown(Form)["filed"] == ticket.id
    assert emptied_texts(page) == [*LONGEST]  # only once, because the person may have typed since
    assert fields(page)[KEY] not in ("", data[KEY])


async def test_a_second_press_is_one_only_for_a_moment(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await tabs.open()
    await page.do(Form.submit(form_data(title="No work", description=OUTAGE)))
    await page.do(Form.submit(form_data()))
    assert page.shown(Form)["errors"] == {}
    now = form.time()
    for moved in (form.AGAIN_SECONDS + 1, -100.0):  # later, and by another machine's clock
        monkeypatch.setattr(form, "time", lambda moved=moved: now + moved)
        await page.do(Form.submit(form_data()))
        assert {*page.shown(Form)["errors"]} == {"title", "description"}
        await page.do(Form.write("title", "A"))
        await page.do(Form.write("description", "B"))
        assert page.shown(Form)["errors"] == {}


async def test_a_state_that_is_new_files_what_the_form_shows(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.meet({}))
    await page.do(Form.describe(CHARGED))
    await choose(page, "priority", "critical")
    held = form_data(page, title="Card", description=CHARGED)
    other = await tabs.open()  # after a restart the state is empty
    await other.do(Form.submit(held))
    (ticket,) = all_tickets()
    assert (ticket.category, ticket.category_by) == ("billing", "triage")
    assert (ticket.priority, ticket.priority_by) == ("critical", "person")
    assert emptied_texts(other) == [*LONGEST]


async def test_a_new_state_learns_what_the_form_holds(tabs: Tabs) -> None:
    page = await tabs.open()
    held = form_data(title="Card", description=CHARGED, priority="critical", form_key="k1")
    await page.do(Form.meet(held))
    assert page.shown(Form)["ready"] is True
    assert page.shown(Form)["engine"] == "Offline rules"
    assert fields(page)["category"] == "billing"
    assert fields(page)["priority"] == ""  # the choice was not replaced
    assert (fields(page)[KEY], fields(page)["title"]) == ("k1", "")


async def test_other_texts_under_the_key_of_a_filed_form_are_kept(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.meet({}))
    first = form_data(page, title="Card", description=CHARGED)
    await page.do(Form.submit(first))
    await page.do(Form.submit({**first, "title": "Card, and more", "priority": "high"}))
    (ticket,) = all_tickets()
    assert page.shown(Form)["problem"].startswith(f"Ticket {ticket.id} was filed from this form")
    held = fields(page)
    assert (held["title"], held["description"]) == ("Card, and more", CHARGED)
    assert held["priority"] == "high"
    await page.do(Form.submit(held))
    assert {each.title for each in all_tickets()} == {"Card", "Card, and more"}


async def test_an_error_goes_as_soon_as_its_field_is_mended(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.submit(form_data(title=" ", requester_email="ana@")))
    assert set(page.shown(Form)["errors"]) == {"title", "description", "requester_email"}
    await page.do(Form.describe(CHARGED))
    await page.do(Form.write("title", "x" * 201))
    await page.do(Form.write("requester_email", "ana@example.com"))
    assert page.shown(Form)["errors"] == {"title": "Shorten this by 1 character; the limit is 200."}
    await page.do(Form.write("title", "Card"))
    assert page.shown(Form)["errors"] == {}


async def test_a_text_near_its_limit_is_counted(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.write("title", "x" * 179))
    assert page.shown(Form)["counts"] == {}
    await page.do(Form.write("title", "x" * 180))
    await page.do(Form.describe("y" * 20_001))
    assert page.shown(Form)["counts"] == {
        "title": "180 of 200 characters",
        "description": "20,001 of 20,000 characters: 1 too many",
    }
    await page.do(Form.describe("y" * 100))
    await page.do(Form.write("title", ""))
    assert page.shown(Form)["counts"] == {}
