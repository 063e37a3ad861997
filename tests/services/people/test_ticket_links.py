"""A signed link opens one ticket, in every process of the desk, and tells nothing of others."""

import pytest

from harness.accounts import account, acting, administrator
from tests.services.desk import opened
from ticket_app.actor import NOBODY, OPEN_DESK, Actor, Identity, over_rest
from ticket_app.data.engine import use_database
from ticket_app.errors import NotAllowedError, SignInRequiredError, TicketNotFoundError
from ticket_app.services.people import ticket_links
from ticket_app.services.people.ticket_links import holder_of, sign
from ticket_app.services.tickets import deleting
from ticket_app.services.tickets.links import linked_ticket, signed_address
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

STRANGER = over_rest(NOBODY)
BEA = "bea@example.com"


@pytest.fixture
def agent(database: str) -> Actor:
    assert database
    administrator()
    return acting(account(BEA, Role.AGENT), Role.AGENT)


def test_a_key_opens_its_ticket_alone(agent: Actor) -> None:
    one, other = opened(title="One").id, opened(title="Other").id
    key = sign(agent, one)
    assert holder_of(STRANGER, one, key) == Identity(None, ticket_id=one)
    assert linked_ticket(STRANGER, one, key).title == "One"
    assert holder_of(STRANGER, other, key) == NOBODY


def test_every_process_signs_alike(agent: Actor, database: str) -> None:
    ticket = opened().id
    key = sign(agent, ticket)
    use_database(None)
    use_database(database)  # as a process that has just begun
    assert sign(agent, ticket) == key
    assert holder_of(STRANGER, ticket, key).ticket_id == ticket


def test_another_desk_signs_otherwise(agent: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    key = sign(agent, 1)
    monkeypatch.setattr(ticket_links, "desk_secret", lambda: b"of another desk")
    assert holder_of(STRANGER, 1, key) == NOBODY


def test_a_wrong_key_a_missing_and_a_deleted_ticket_answer_alike(agent: Actor) -> None:
    ticket, deleted = opened().id, opened().id
    deleting.delete_ticket(agent, deleted)
    said = set()
    for number, key in (
        *((ticket, wrong) for wrong in ("", "x" * 43, sign(agent, deleted), "\ud800", "é" * 43)),
        (deleted, sign(agent, deleted)),
        (10**9, sign(agent, 10**9)),
        (10**9, "x" * 43),
    ):
        with pytest.raises(TicketNotFoundError) as raised:
            linked_ticket(STRANGER, number, key)
        said.add(raised.value.detail.replace(str(number), "N"))
    assert len(said) == 1


def test_only_agents_and_holders_sign(agent: Actor) -> None:
    ticket = opened(requester_email="eve@example.com").id
    requester = acting(account("eve@example.com", Role.REQUESTER), Role.REQUESTER)
    holder = over_rest(Identity(None, ticket_id=ticket))
    assert sign(holder, ticket) == sign(agent, ticket) == sign(over_rest(OPEN_DESK), ticket)
    for who, number, error in (
        (STRANGER, ticket, SignInRequiredError),
        (holder, ticket + 1, SignInRequiredError),
        (requester, ticket, NotAllowedError),
    ):
        with pytest.raises(error):
            sign(who, number)


def test_the_address_is_that_of_the_setting(agent: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/request?ticket=7&key={sign(agent, 7)}"
    assert signed_address(agent, 7) == path
    monkeypatch.setenv("DESK_URL", "https://desk.example.com")
    get_settings.cache_clear()
    assert signed_address(agent, 7) == f"https://desk.example.com{path}"
