"""The page of the audit: plain sentences, filters and older entries."""

from datetime import UTC, datetime
from typing import Any

import pytest

from harness.accounts import account, administrator, session_token
from tests.services.desk import opened
from tests.state.page import Page, Tabs
from ticket_app.actor import Identity, by_command, over_rest
from ticket_app.schemas import audit as schemas
from ticket_app.schemas.audit import AuditEntryPublic
from ticket_app.services.people.accounts import rights
from ticket_app.services.people.tokens import digest
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.state.acting import Visitor, visitors
from ticket_app.state.people.audit import Audit
from ticket_app.state.people.audit_words import sentence_parts
from ticket_app.state.people.people import People
from ticket_app.vocabulary import AuditAction, Edge, Role, Who

pytestmark = pytest.mark.anyio

ADA, BEA = {"id": 1, "name": "Ada"}, {"id": 2, "name": "Bea"}


def sentence(
    action: str,
    actor: dict[str, Any] | None = None,
    person: dict[str, Any] | None = None,
    **entry: Any,
) -> str:
    """Returns what the page says of an entry."""
    values = {
        "id": 1,
        "created_at": datetime.now(UTC),
        "who": Who.ANYONE,
        "edge": Edge.REST,
        "actor_id": actor and actor["id"],
        "actor_name": actor and actor["name"],
        "action": action,
        "person_id": person and person["id"],
        "person_name": person and person["name"],
        "ticket_id": None,
        "client_address": "",
        "detail": "",
    } | entry
    return "".join(part.text for part in sentence_parts(AuditEntryPublic(**values)))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (sentence("sign_in", None, BEA), "Bea signed in"),
        (sentence("sign_in", BEA, BEA, detail="new password"), "Bea signed in: new password"),
        (
            sentence("sign_in_failed", None, BEA, detail="wrong password"),
            "Sign-in of Bea failed: wrong password",
        ),
        (sentence("sign_in_failed", detail="unknown address"), "Sign-in failed: unknown address"),
        (sentence("session_ended", BEA, BEA, detail="one"), "Bea ended one of their sessions"),
        (sentence("session_ended", BEA, BEA), "Bea ended all their other sessions"),
        (sentence("session_ended", ADA, BEA), "Ada ended all sessions of Bea"),
        (
            sentence("administrator_created", None, ADA, who=Who.COMMAND),
            "The operator made Ada an administrator",
        ),
        (sentence("invited", ADA, BEA, detail="agent"), "Ada invited Bea as agent"),
        (sentence("password_set", None, BEA), "Bea set a password by a link"),
        (
            sentence("password_set", None, BEA, who=Who.COMMAND),
            "The operator set the password of Bea",
        ),
        (
            sentence("role_changed", ADA, BEA, detail="agent -> administrator"),
            "Ada changed the role of Bea: Agent → Administrator",
        ),
        (
            sentence("role_changed", None, BEA, detail="agent -> requester, by OpenID Connect"),
            "The role of Bea has changed: Agent → Requester, by OpenID Connect",
        ),
        (
            sentence("requester_erased", None, who=Who.COMMAND, detail="3 tickets"),
            "The operator erased the data of a requester: 3 tickets",
        ),
        (sentence("second_factor_removed", BEA, BEA), "Bea removed their second factor"),
        (sentence("token_made", BEA, BEA, detail="x (read)"), "Bea made an API token: x (read)"),
        (
            sentence("token_made", None, BEA, who=Who.COMMAND, detail="x (read)"),
            "The operator made an API token for Bea: x (read)",
        ),
        (sentence("ticket_deleted", None, ticket_id=7), "Somebody deleted ticket #7"),
        (sentence("ticket_hugged", ADA, BEA), "Ada: ticket hugged (Bea)"),
        (sentence("invited", ADA, {"id": 3, "name": "{actor}"}), "Ada invited {actor}"),
    ],
)
def test_an_entry_is_a_plain_sentence(said: str, told: str) -> None:
    assert said == told


@pytest.mark.parametrize("action", list(AuditAction))
def test_every_action_has_a_sentence_of_its_own(action: AuditAction) -> None:
    said = sentence(action, ADA, BEA, ticket_id=7)
    assert not said.startswith("Ada:")


async def opened_by(tabs: Tabs, person_id: int) -> Page:
    """Returns the page of this person, who signs in."""
    page = tabs.new()
    visitors[page._token] = Visitor(digest(session_token(person_id)), "127.0.0.1")
    await page.open("/audit")
    await page.do(Audit.load())
    return page


def told(page: Page) -> list[str]:
    """Returns the sentences that the page shows."""
    rows = page.shown(Audit)["rows"]
    return ["".join(part["text"] for part in row["parts"]) for row in rows]


async def test_filters_narrow_by_kind_and_person(tabs: Tabs) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    delete_ticket(over_rest(Identity(Role.AGENT, bea), "203.0.113.9"), opened().id)
    page = await opened_by(tabs, ada)
    everything = told(page)
    assert everything[:2] == ["ada signed in", "bea deleted ticket #1"]
    assert page.shown(Audit)["rows"][1]["client_address"] == "203.0.113.9"
    await page.do(Audit.choose("tickets"))
    assert told(page) == ["bea deleted ticket #1"]
    await page.do(Audit.choose("accounts"))
    await page.do(Audit.seek("BEA"))
    (found,) = page.shown(Audit)["found"]
    await page.do(Audit.pick(found["id"]))
    assert told(page) == ["bea set a password by a link", "The operator invited bea as agent"]
    assert (page.shown(Audit)["person_name"], page.shown(Audit)["found"]) == ("bea", [])
    await page.do(Audit.choose("failures"))
    assert told(page) == []
    await page.do(Audit.everything())
    assert told(page) == everything


async def test_older_entries_are_added(tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    for active in (False, True) * 30:
        rights.set_active(by_command(), bea, active)
    page = await opened_by(tabs, ada)
    assert len(told(page)) == schemas.AUDIT_PAGE_DEFAULT
    assert page.shown(Audit)["more"]
    await page.do(Audit.load_more())
    shown = page.shown(Audit)
    assert len(shown["rows"]) == 64 and not shown["more"]
    assert len({row["id"] for row in shown["rows"]}) == 64
    await page.do(Audit.load_more())  # a second click
    assert len(told(page)) == 64


async def test_what_is_done_on_a_page_says_where_from(tabs: Tabs) -> None:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    page = await opened_by(tabs, ada)
    await page.do(People.set_active(bea, False))
    await page.do(Audit.load())
    assert told(page)[0] == "ada deactivated bea"
    assert page.shown(Audit)["rows"][0]["client_address"] == "127.0.0.1"


async def test_whatever_a_page_sends_changes_nothing_else(tabs: Tabs) -> None:
    page = await opened_by(tabs, administrator())
    before = told(page)
    for event in (
        Audit.choose("nonsense"),
        Audit.seek("x" * 300),
        Audit.pick(1),  # nobody was found
    ):
        await page.do(event)
    for payload in ({"group": ["x"]}, {"group": 5}):
        await page.send(Audit.event_handlers["choose"], **payload)
    await page.send(Audit.event_handlers["pick"], person_id="1")
    await page.send(Audit.event_handlers["find"], data={"person": 7})
    assert told(page) == before
