"""The form's suggestions yield to the person's choices, and name their engine."""

import pytest

from tests.services.desk import all_tickets, suggestions_of
from tests.state.form.form_fields import (
    CHARGED,
    OUTAGE,
    WaitingTriage,
    choose,
    fields,
    form_data,
    shown_choices,
)
from tests.state.page import Tabs
from ticket_app.actor import Actor
from ticket_app.schemas.triage import Described
from ticket_app.state.form import suggesting
from ticket_app.state.form.form import Form
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline

pytestmark = pytest.mark.anyio


async def test_a_description_brings_suggestions_with_engine_and_reasons(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    shown = page.shown(Form)
    assert shown_choices(page) == ("technical", True, "critical", True)
    assert shown["engine"] == "Offline rules"
    assert shown["sure"].startswith("Technical ")
    assert shown["reasons"]
    assert shown["thinking"] is False


async def test_what_the_person_chose_is_never_overwritten(tabs: Tabs) -> None:
    page = await tabs.open()
    await choose(page, "category", "general")
    await page.do(Form.describe(OUTAGE))
    assert shown_choices(page) == ("general", False, "critical", True)
    await choose(page, "priority", "low")
    await page.do(Form.describe(CHARGED))
    assert shown_choices(page) == ("general", False, "low", False)


async def test_a_suggestion_follows_the_text_until_the_person_chooses(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await page.do(Form.describe(CHARGED))
    assert shown_choices(page)[:2] == ("billing", True)


async def test_an_emptied_choice_goes_back_to_the_suggestion(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await choose(page, "category", "account")
    assert shown_choices(page)[:2] == ("account", False)
    await choose(page, "category", "")
    assert shown_choices(page)[:2] == ("technical", True)


@pytest.mark.parametrize("nothing", ["", " \n"])
async def test_an_emptied_description_takes_its_suggestions_away(tabs: Tabs, nothing: str) -> None:
    page = await tabs.open()
    await choose(page, "priority", "high")
    await page.do(Form.describe(OUTAGE))
    await page.do(Form.describe(nothing))
    assert shown_choices(page) == ("", False, "high", False)
    assert page.shown(Form)["engine"] == ""


async def test_a_newer_text_ends_the_question_about_the_older(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = WaitingTriage()
    monkeypatch.setattr(suggesting, "suggest_triage", slow)
    page = await tabs.open()
    await page.send(Form.event_handlers["describe"], wait=False, text=OUTAGE)
    await slow.wait_until_requested(OUTAGE)
    await page.send(Form.event_handlers["describe"], wait=False, text=CHARGED)
    await slow.wait_until_requested(CHARGED)
    assert slow.ended == [OUTAGE]
    slow.may_answer.set()
    await page.until(lambda: shown_choices(page)[0] == "billing")
    assert page.shown(Form)["thinking"] is False


async def test_an_answer_about_a_text_that_is_gone_is_not_shown(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = WaitingTriage()
    monkeypatch.setattr(suggesting, "suggest_triage", slow)
    page = await tabs.open()
    await page.send(Form.event_handlers["describe"], wait=False, text=OUTAGE)
    await slow.wait_until_requested(OUTAGE)
    await page.do(Form.describe(""))
    slow.may_answer.set()
    await page.until(lambda: slow.ended == [OUTAGE] and page.shown(Form)["thinking"] is False)
    assert shown_choices(page) == ("", False, "", False)


async def test_a_title_is_proposed_and_only_the_person_takes_it(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(CHARGED))
    await page.do(Form.propose_title())
    proposed = page.shown(Form)["proposed_title"]
    assert proposed
    assert ("_set_value", {"ref": "ref_title", "value": proposed}) not in page.browser_events
    await page.do(Form.take_title(page.shown(Form)["proposed_title"]))
    assert ("_set_value", {"ref": "ref_title", "value": proposed}) in page.browser_events
    assert page.shown(Form)["proposed_title"] == ""


async def test_a_title_for_nothing_says_what_is_needed(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.propose_title())
    assert page.shown(Form)["errors"] == {"description": "Write what is wrong."}
    assert page.shown(Form)["naming"] is False


async def test_a_suggestion_that_was_shown_is_the_one_that_is_filed(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def other_engine(_: Actor, text: Described, _client: str) -> Triage:
        return triage_offline(text.description).model_copy(update={"engine": "gemini"})

    monkeypatch.setattr(suggesting, "suggest_triage", other_engine)
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    assert page.shown(Form)["engine"] == "Gemini"
    await page.do(Form.submit(form_data(title="No work", description=OUTAGE)))
    (ticket,) = all_tickets()
    assert {one.engine for one in suggestions_of(ticket.id)} == {"gemini"}


async def test_a_suggestion_for_an_older_text_is_not_filed_with_the_newer(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await tabs.open()
    await page.do(Form.describe(CHARGED))
    assert shown_choices(page)[0] == "billing"
    slow = WaitingTriage()
    monkeypatch.setattr(suggesting, "suggest_triage", slow)
    await page.send(Form.event_handlers["describe"], wait=False, text=OUTAGE)
    await slow.wait_until_requested(OUTAGE)
    await page.do(Form.submit(form_data(title="No work", description=OUTAGE)))
    (ticket,) = all_tickets()
    assert (ticket.category, ticket.priority) == ("technical", "critical")


async def test_a_text_that_has_not_changed_is_not_asked_about_again(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def counted(_: Actor, text: Described, _client: str) -> Triage:
        asked.append(text.description)
        return triage_offline(text.description)

    monkeypatch.setattr(suggesting, "suggest_triage", counted)
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))
    await page.do(Form.describe(OUTAGE))
    assert asked == [OUTAGE]
    assert shown_choices(page)[0] == "technical"


async def test_a_suggestion_that_fell_back_says_why(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def over_budget(_: Actor, text: Described, _client: str) -> Triage:
        return triage_offline(text.description).model_copy(update={"failure": "over_budget"})

    monkeypatch.setattr(suggesting, "suggest_triage", over_budget)
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

    async def silent(_: Actor, text: Described, _client: str) -> Triage:
        triage = triage_offline(text.description)
        found = {name: getattr(triage, name) for name in unsaid}
        return triage.model_copy(
            update={
                n: finding.model_copy(update={"confidence": None}) for n, finding in found.items()
            }
        )

    monkeypatch.setattr(suggesting, "suggest_triage", silent)
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
    async def learned(_: Actor, text: Described, _client: str) -> Triage:
        triage = triage_offline(text.description)
        category = triage.category.model_copy(update={"lesson": 1})
        return triage.model_copy(update={"category": category})

    monkeypatch.setattr(suggesting, "suggest_triage", learned)
    page = await tabs.open("/")
    await page.do(Form.describe(CHARGED))
    await page.until(lambda: page.shown(Form)["engine"] != "")
    shown = page.shown(Form)
    assert shown["engine"] == "This desk's own lessons and Offline rules"
    category, priority = shown["sure"].split(", ")
    assert category.startswith("Billing ")
    assert category.endswith(" sure (This desk's own lessons)")
    assert priority.endswith(" sure (Offline rules)")


async def test_a_suggestion_that_was_shown_is_filed_though_the_rules_say_another(
    tabs: Tabs,
) -> None:
    page = await tabs.open()
    shown = {"priority": "critical", "offered_priority": "critical"}
    await page.do(Form.submit(form_data(title="Card", description=CHARGED) | shown))
    (ticket,) = all_tickets()
    assert (ticket.priority, ticket.priority_by) == ("critical", "triage")


async def test_a_choice_that_a_suggestion_would_overtake_is_put_back(tabs: Tabs) -> None:
    page = await tabs.open()
    await page.do(Form.describe(OUTAGE))  # on its way to the browser, which does not show it yet
    await page.do(Form.choose("priority", "low", ""))
    assert fields(page)["priority"] == "low"
    await page.do(Form.choose("category", "account", "technical"))
    assert fields(page)["category"] == "technical"  # the browser's own choice needs no echo
