"""The form: suggestions that give way to the person, errors that keep what was typed."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

import pytest

from tests.services.desk import all_tickets, suggestions_of
from tests.state.conftest import Database
from tests.state.page import Page, Tabs
from ticket_app.schemas import Described
from ticket_app.state import form
from ticket_app.state.form import Form
from ticket_app.state.sent import CHOICES, FIELDS, KEY, LONGEST, OFFERED
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline

pytestmark = pytest.mark.anyio

OUTAGE = "Production is down for all users since nine o'clock, nobody can work."
CHARGED = "My credit card was charged twice for the same invoice."


class Slow:
    """A triage that answers a text only when it is told to."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.may_answer = asyncio.Event()
        self._asked: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, text: Described) -> Triage:
        """Stands in for the service."""
        self._asked[text.description].set()
        try:
            await self.may_answer.wait()
        finally:
            self.ended.append(text.description)
        return triage_offline(text.description)

    async def is_asked(self, text: str) -> None:
        """Wait until the question has come."""
        async with asyncio.timeout(5):
            await self._asked[text].wait()


def fields(page: Page) -> dict[str, str]:
    """What the browser's fields hold by what it was told, and by `choose`."""
    asked = page.asked_of_the_browser
    put = {each["ref"]: each["value"] for name, each in asked if name == "_set_value"}
    return {name: put.get(f"ref_{name}", "") for name in FIELDS}


def filled(page: Page) -> tuple[str, bool, str, bool]:
    """Category and priority as the selects show them, each with whether it is a suggestion."""
    held, shown = fields(page), page.shown(Form)
    for field in CHOICES:
        as_told = held[field] != "" and held[field] == held[OFFERED[field]]
        assert shown[f"{field}_suggested"] is as_told, field
    return (
        held["category"],
        shown["category_suggested"],
        held["priority"],
        shown["priority_suggested"],
    )


async def choose(page: Page, field: str, value: str) -> None:
    """Choose as a person does: the browser has the value first, and tells of it."""
    offered = fields(page)[OFFERED[field]]
    for name, chosen in ((field, value), (OFFERED[field], "")):
        page.asked_of_the_browser.append(("_set_value", _put(name, chosen)))
    await page.do(Form.choose(field, value, offered))


def emptied(page: Page) -> list[str]:
    """The texts that the browser was told to empty."""
    asked = [each for name, each in page.asked_of_the_browser if name == "_set_value"]
    return [name for each in asked for name in LONGEST if each == _put(name, "")]


def _put(name: str, value: str) -> dict[str, str]:
    return {"ref": f"ref_{name}", "value": value}


def typed(page: Page | None = None, **given: str) -> Mapping[str, str]:
    """What the browser sends of the form: these texts, and what `page` shows beside."""
    texts = {"title": "", "description": "", "requester_name": "", "requester_email": ""}
    held = fields(page) if page else {}
    return {name: value for name, value in held.items() if name not in texts} | texts | given


async def test_a_description_brings_suggestions_with_engine_and_reasons(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    shown = page.shown(Form)
    assert filled(page) == ("technical", True, "critical", True)
    assert shown["engine"] == "Offline rules"
    assert shown["sure"].startswith("Technical ")
    assert shown["reasons"]
    assert shown["thinking"] is False


async def test_what_the_person_chose_is_never_overwritten(tabs: Tabs) -> None:
    page = await tabs.open()
    await choose(page, "category", "general")
    await page.do(Form.describe(OUTAGE))
    assert filled(page) == ("general", False, "critical", True)
    await choose(page, "priority", "low")
    await page.do(Form.describe(CHARGED))
    assert filled(page) == ("general", False, "low", False)


async def test_a_suggestion_follows_the_text_until_the_person_chooses(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await page.do(Form.describe(CHARGED))
    assert filled(page)[:2] == ("billing", True)


async def test_an_emptied_choice_goes_back_to_the_suggestion(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await choose(page, "category", "account")
    assert filled(page)[:2] == ("account", False)
    await choose(page, "category", "")
    assert filled(page)[:2] == ("technical", True)


@pytest.mark.parametrize("nothing", ["", " \n"])
async def test_an_emptied_description_takes_its_suggestions_away(tabs: Tabs, nothing: str) -> None:
    page = await tabs.open()
    await choose(page, "priority", "high")
    await page.do(Form.describe(OUTAGE))
    await page.do(Form.describe(nothing))
    assert filled(page) == ("", False, "high", False)
    assert page.shown(Form)["engine"] == ""


async def test_a_newer_text_ends_the_question_about_the_older(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    monkeypatch.setattr(form, "suggest_triage", slow)
    page = await tabs.open()
    await page.send(Form.event_handlers["describe"], wait=False, text=OUTAGE)
    await slow.is_asked(OUTAGE)
    await page.send(Form.event_handlers["describe"], wait=False, text=CHARGED)
    await slow.is_asked(CHARGED)
    assert slow.ended == [OUTAGE]
    slow.may_answer.set()
    await page.until(lambda: filled(page)[0] == "billing")
    assert page.shown(Form)["thinking"] is False


async def test_an_answer_about_a_text_that_is_gone_is_not_shown(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    monkeypatch.setattr(form, "suggest_triage", slow)
    page = await tabs.open()
    await page.send(Form.event_handlers["describe"], wait=False, text=OUTAGE)
    await slow.is_asked(OUTAGE)
    await page.do(Form.describe(""))
    slow.may_answer.set()
    await page.until(lambda: slow.ended == [OUTAGE] and page.shown(Form)["thinking"] is False)
    assert filled(page) == ("", False, "", False)


async def test_a_title_is_proposed_and_only_the_person_takes_it(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(CHARGED))
    await page.do(Form.propose_title())
    proposed = page.shown(Form)["proposed_title"]
    assert proposed
    assert ("_set_value", {"ref": "ref_title", "value": proposed}) not in page.asked_of_the_browser
    await page.do(Form.take_title())
    assert ("_set_value", {"ref": "ref_title", "value": proposed}) in page.asked_of_the_browser
    assert page.shown(Form)["proposed_title"] == ""


async def test_a_title_for_nothing_says_what_is_needed(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.propose_title())
    assert page.shown(Form)["errors"] == {"description": "Write what is wrong."}
    assert page.shown(Form)["naming"] is False


async def test_errors_stand_at_their_fields_and_nothing_is_filed(tabs: Tabs) -> None:
    page = await tabs.open()
    await choose(page, "category", "account")
    await page.do(Form.submit(typed(title="x" * 203, requester_email="nobody")))
    shown = page.shown(Form)
    assert shown["errors"] == {
        "title": "Shorten this by 3 characters; 200 is the most.",
        "description": "Write what is wrong.",
        "requester_email": "Write an e-mail address such as ana@example.com.",
    }
    assert ("_set_focus", {"ref": "ref_title"}) in page.asked_of_the_browser
    assert emptied(page) == []
    assert fields(page)["category"] == "account"
    assert all_tickets() == []


async def test_the_form_knows_the_rules_of_texts_and_addresses(tabs: Tabs) -> None:
    page = await tabs.open()
    blank = typed(title="\u3164\u00ad", description="\u2800", requester_email="ana@example.com,")
    await page.do(Form.submit(blank))
    assert set(page.shown(Form)["errors"]) == {"title", "description", "requester_email"}
    await page.do(Form.submit(typed(title="a\x1bb", description="\u200dx")))
    assert set(page.shown(Form)["errors"]) == {"title"}
    assert all_tickets() == []


async def test_corrected_errors_go_away(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.submit(typed()))
    assert set(page.shown(Form)["errors"]) == {"title", "description"}
    await page.do(Form.submit(typed(title="Card", description=CHARGED)))
    assert page.shown(Form)["errors"] == {}
    assert len(all_tickets()) == 1


async def test_a_filed_ticket_has_what_was_typed_chosen_and_seen(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await choose(page, "priority", "high")
    await page.do(
        Form.submit(
            typed(
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
    assert emptied(page) == [*LONGEST]
    assert filled(page) == ("", False, "", False)
    assert shown["engine"] == ""


async def test_a_suggestion_that_was_shown_is_the_one_that_is_filed(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def other_engine(text: Described) -> Triage:
        return triage_offline(text.description).model_copy(update={"engine": "gemini"})

    monkeypatch.setattr(form, "suggest_triage", other_engine)
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    assert page.shown(Form)["engine"] == "Gemini"
    await page.do(Form.submit(typed(title="No work", description=OUTAGE)))
    (ticket,) = all_tickets()
    assert {one.engine for one in suggestions_of(ticket.id)} == {"gemini"}


async def test_a_suggestion_for_an_older_text_is_not_filed_with_the_newer(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await tabs.open()
    await page.do(Form.describe(CHARGED))
    assert filled(page)[0] == "billing"
    slow = Slow()
    monkeypatch.setattr(form, "suggest_triage", slow)
    await page.send(Form.event_handlers["describe"], wait=False, text=OUTAGE)
    await slow.is_asked(OUTAGE)
    await page.do(Form.submit(typed(title="No work", description=OUTAGE)))
    (ticket,) = all_tickets()
    assert (ticket.category, ticket.priority) == ("technical", "critical")


async def test_the_last_keys_of_a_filed_ticket_start_no_new_one(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.submit(typed(title="No work", description=OUTAGE)))
    await page.do(Form.describe(OUTAGE))  # its 800 ms are over only now
    assert filled(page) == ("", False, "", False)


async def test_a_database_that_is_away_keeps_the_text_and_says_so(
    tabs: Tabs, file: Database
) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    with file.away():
        await page.do(Form.submit(typed(title="No work", description=OUTAGE)))
    shown = page.shown(Form)
    assert shown["problem"].endswith(" Your text is kept.")
    assert emptied(page) == []
    assert filled(page) == ("technical", True, "critical", True)
    await page.do(Form.submit(typed(title="No work", description=OUTAGE)))
    assert page.shown(Form)["problem"] == ""
    assert len(all_tickets()) == 1


async def test_new_ticket_opens_the_form_wherever_the_person_is(tabs: Tabs) -> None:
    page = await tabs.open("/")
    await page.do(Form.start())
    assert page.shown(Form)["shown"] is False  # beside the queue it is in view anyway
    await page.do(Form.start(True))
    assert page.shown(Form)["shown"] is True
    assert page.redirects == []
    await page.do(Form.close())
    assert page.shown(Form)["shown"] is False
    page = await tabs.open("/board")
    await page.do(Form.start())
    assert page.redirects == ["/"]
    focus = ("_set_focus", {"ref": "ref_title"})
    assert focus not in page.asked_of_the_browser  # there is no form yet
    await page.follow()
    await page.do(Form.meet({}))
    assert page.asked_of_the_browser[-1] == focus
    page.asked_of_the_browser.clear()
    await page.do(Form.meet({}))
    assert focus not in page.asked_of_the_browser


async def test_only_a_form_that_is_drawn_anew_gets_the_text_of_the_one_before(tabs: Tabs) -> None:
    def put_back(page: Page) -> dict[str, str]:
        asked = page.asked_of_the_browser
        return {each["ref"]: each["value"] for name, each in asked if name == "_set_value"}

    page = await tabs.open("/")
    await page.do(Form.write("title", "No work"))
    await page.do(Form.describe(OUTAGE))
    page.asked_of_the_browser.clear()
    await page.open("/")  # a reconnection does the same, and the browser is further on
    assert put_back(page) == {}
    await page.do(Form.meet({}))
    key = put_back(page).pop("ref_form_key")
    assert put_back(page) == {
        "ref_title": "No work", "ref_description": OUTAGE, "ref_form_key": key,
        "ref_category": "technical", "ref_offered_category": "technical",
        "ref_priority": "critical", "ref_offered_priority": "critical",
    }  # fmt: skip
    await page.do(Form.submit(typed(page, title="No work", description=OUTAGE)))
    page.asked_of_the_browser.clear()
    await page.do(Form.meet({}))
    assert [*put_back(page)] == ["ref_form_key"]
    assert put_back(page)["ref_form_key"] != key


async def test_a_text_that_has_not_changed_is_not_asked_about_again(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def counted(text: Described) -> Triage:
        asked.append(text.description)
        return triage_offline(text.description)

    monkeypatch.setattr(form, "suggest_triage", counted)
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await page.do(Form.describe(OUTAGE))
    assert asked == [OUTAGE]
    assert filled(page)[0] == "technical"


async def test_a_suggestion_that_fell_back_says_why(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def over_budget(text: Described) -> Triage:
        return triage_offline(text.description).model_copy(update={"failure": "over_budget"})

    monkeypatch.setattr(form, "suggest_triage", over_budget)
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    shown = page.shown(Form)
    assert (shown["engine"], shown["fell_back"]) == ("Offline rules", "budget spent")
    await page.do(Form.describe(""))
    assert page.shown(Form)["fell_back"] == ""


async def test_what_an_engine_does_not_say_is_not_told(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaid = {"category", "priority"}

    async def silent(text: Described) -> Triage:
        triage = triage_offline(text.description)
        found = {name: getattr(triage, name) for name in unsaid}
        return triage.model_copy(
            update={
                n: finding.model_copy(update={"confidence": None}) for n, finding in found.items()
            }
        )

    monkeypatch.setattr(form, "suggest_triage", silent)
    page = await tabs.open("/")
    await page.do(Form.describe(CHARGED))
    await page.until(lambda: page.shown(Form)["engine"] != "")
    assert page.shown(Form)["sure"] == ""
    unsaid.remove("category")
    await page.do(Form.describe(f"{CHARGED} Again."))
    await page.until(lambda: page.shown(Form)["sure"] != "")
    assert page.shown(Form)["sure"].startswith("Billing ")
    assert "," not in page.shown(Form)["sure"]


async def test_a_lesson_and_the_rules_are_named_each_with_its_own(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def learned(text: Described) -> Triage:
        triage = triage_offline(text.description)
        category = triage.category.model_copy(update={"lesson": 1})
        return triage.model_copy(update={"category": category})

    monkeypatch.setattr(form, "suggest_triage", learned)
    page = await tabs.open("/")
    await page.do(Form.describe(CHARGED))
    await page.until(lambda: page.shown(Form)["engine"] != "")
    shown = page.shown(Form)
    assert shown["engine"] == "This desk's own lessons and Offline rules"
    category, priority = shown["sure"].split(", ")
    assert category.startswith("Billing ")
    assert category.endswith(" sure (This desk's own lessons)")
    assert priority.endswith(" sure (Offline rules)")


async def test_a_form_that_is_sent_again_shows_the_ticket_that_it_filed(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.meet({}))
    data = typed(page, title="No work", description=OUTAGE)
    assert data[KEY]
    for _ in range(3):
        await page.do(Form.submit(data))
    (ticket,) = all_tickets()
    assert page.shown(Form)["filed"] == ticket.id
    assert emptied(page) == [*LONGEST]  # once: a person may have gone on
    assert fields(page)[KEY] not in ("", data[KEY])


async def test_a_state_that_is_new_files_what_the_form_shows(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.meet({}))
    await page.do(Form.describe(CHARGED))
    await choose(page, "priority", "critical")
    held = typed(page, title="Card", description=CHARGED)
    other = await tabs.open()  # as after a restart: this state has seen nothing
    await other.do(Form.submit(held))
    (ticket,) = all_tickets()
    assert (ticket.category, ticket.category_by) == ("billing", "triage")
    assert (ticket.priority, ticket.priority_by) == ("critical", "person")
    assert emptied(other) == [*LONGEST]


async def test_a_suggestion_that_was_shown_is_filed_though_the_rules_say_another(
    tabs: Tabs,
) -> None:
    page = await tabs.open()
    shown = {"priority": "critical", "offered_priority": "critical"}
    await page.do(Form.submit(typed(title="Card", description=CHARGED) | shown))
    (ticket,) = all_tickets()
    assert (ticket.priority, ticket.priority_by) == ("critical", "triage")


async def test_a_new_state_learns_what_the_form_holds(tabs: Tabs) -> None:
    page = await tabs.open()
    held = typed(title="Card", description=CHARGED, priority="critical", form_key="k1")
    await page.do(Form.meet(held))
    assert page.shown(Form)["ready"] is True
    assert page.shown(Form)["engine"] == "Offline rules"
    assert fields(page)["category"] == "billing"
    assert fields(page)["priority"] == ""  # nothing was put in the place of the choice
    assert (fields(page)[KEY], fields(page)["title"]) == ("k1", "")


async def test_a_choice_that_a_suggestion_would_overtake_is_put_back(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))  # on its way to the browser, which shows nothing yet
    await page.do(Form.choose("priority", "low", ""))
    assert fields(page)["priority"] == "low"
    await page.do(Form.choose("category", "account", "technical"))
    assert fields(page)["category"] == "technical"  # the browser's own choice needs no echo


async def test_other_texts_under_the_key_of_a_filed_form_are_kept(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.meet({}))
    first = typed(page, title="Card", description=CHARGED)
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
    await page.do(Form.submit(typed(title=" ", requester_email="ana@")))
    assert set(page.shown(Form)["errors"]) == {"title", "description", "requester_email"}
    await page.do(Form.describe(CHARGED))
    await page.do(Form.write("title", "x" * 201))
    await page.do(Form.write("requester_email", "ana@example.com"))
    assert page.shown(Form)["errors"] == {"title": "Shorten this by 1 characters; 200 is the most."}
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
