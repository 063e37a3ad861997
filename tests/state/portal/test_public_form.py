"""The form for everyone files once, for whom it is, and within what a stranger may cost."""

import pytest

from harness.accounts import account
from tests.services.desk import all_tickets, opened
from tests.state.form.form_fields import OUTAGE, form_data, shown_choices
from tests.state.page import Tabs
from tests.state.portal.conftest import visit
from ticket_app.services.people.caps import SUGGESTIONS_OF_CLIENT, TICKETS_OF_CLIENT
from ticket_app.settings import get_settings
from ticket_app.state.form.form import Form
from ticket_app.state.form.form_input import KEY
from ticket_app.state.notices import Notice
from ticket_app.state.people.me import Me
from ticket_app.state.portal.receipt import Receipt
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("closed")]

BEA = "bea@example.com"


def sent(number: int = 0, **more: str) -> dict[str, str]:
    """Returns what the form of a stranger sends."""
    texts = {"title": "Blue", "description": "It is blue.", "requester_email": f"{number}@test.com"}
    return {**form_data(), **texts, KEY: f"key {number}".replace(" ", "-"), **more}


async def test_a_stranger_files_once_and_keeps_the_link(tabs: Tabs) -> None:
    page = await visit(tabs, "/new")
    await page.do(Form.submit(sent()))
    await page.do(Form.submit(sent()))
    (ticket,) = all_tickets()
    shown = page.shown(Receipt)
    assert shown["ticket"] == ticket.id
    assert shown["address"].startswith(f"/request?ticket={ticket.id}&key=")
    assert page.shown(Notice)["text"] == ""  # its link would lead to the desk
    await page.do(Receipt.put_away())
    assert page.shown(Receipt)["address"] == ""


async def test_a_stranger_has_to_give_an_address(tabs: Tabs) -> None:
    page = await visit(tabs, "/new")
    await page.do(Form.submit(form_data()))
    assert set(page.shown(Form)["errors"]) == {"title", "description", "requester_email"}
    await page.do(Form.submit(sent(requester_email=" ")))
    assert page.shown(Form)["errors"] == {
        "requester_email": "Write your e-mail address, for the answer."
    }
    assert all_tickets() == []


@pytest.mark.parametrize("address", ["/new", "/", "/anywhere"])
async def test_forged_forms_end_at_the_cap(tabs: Tabs, address: str) -> None:
    page = await visit(tabs, address)
    for number in range(TICKETS_OF_CLIENT.most + 3):
        await page.do(Form.submit(sent(number)))
    assert len(all_tickets()) == TICKETS_OF_CLIENT.most
    assert page.shown(Form)["problem"] == (
        "Too much was sent lately. Try again in 60 minutes. Your text is kept."
    )
    another = await visit(tabs, address, client="192.0.2.2")
    await another.do(Form.submit(sent(99)))
    assert len(all_tickets()) == TICKETS_OF_CLIENT.most + 1


async def test_suggestions_end_at_the_cap(tabs: Tabs) -> None:
    page = await visit(tabs, "/new")
    for number in range(SUGGESTIONS_OF_CLIENT.most):
        await page.do(Form.describe(f"{OUTAGE} {number}"))
    assert shown_choices(page) == ("technical", True, "critical", True)
    await page.do(Form.describe("My card was charged twice."))
    assert shown_choices(page) == ("", False, "", False)
    await page.do(Form.propose_title())
    assert "Try again in a minute" in page.shown(Form)["problem"]
    await page.do(Form.submit(sent()))  # suggestions do not count as tickets
    assert len(all_tickets()) == 1


async def test_whoever_has_signed_in_is_known_and_not_counted(tabs: Tabs) -> None:
    page = await visit(tabs, "/new", account(BEA, Role.REQUESTER))
    assert (page.shown(Me)["name"], page.shown(Me)["email"]) == ("bea", BEA)
    for number in range(TICKETS_OF_CLIENT.most + 1):
        await page.do(Form.submit(sent(number, requester_email="no address")))
    assert {each.requester_email for each in all_tickets()} == {BEA}
    assert len(all_tickets()) == TICKETS_OF_CLIENT.most + 1
    assert page.shown(Receipt)["address"] == f"/my?ticket={page.shown(Receipt)['ticket']}"


async def test_without_the_public_form_one_has_to_sign_in(
    tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_FORM", "false")
    get_settings.cache_clear()
    page = await visit(tabs, "/new")
    assert page.shown(Me)["may_file"] is False
    await page.do(Form.submit(sent()))
    assert page.shown(Form)["problem"] == "Sign in first. Your text is kept."
    person = await visit(tabs, "/new", account(BEA, Role.REQUESTER))
    assert person.shown(Me)["may_file"] is True


async def test_a_stranger_learns_nothing_of_the_desk(tabs: Tabs) -> None:
    opened(title="xqcanary", description="xqcanary", requester_email="xqcanary@example.com")
    page = await visit(tabs, "/new")
    await page.do(Form.describe("xqcanar"))
    await page.do(Form.submit(sent(requester_email="xqcanary@example.com")))
    assert page.shown(Receipt)["ticket"] == 2
    assert "xqcanary" not in str(page.deltas)
    assert "xqcanary" not in str(page.browser_events)
