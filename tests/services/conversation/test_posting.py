"""Replies and notes: who may write them, and what they change of their ticket."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, events_of, opened
from ticket_app.actor import NOBODY, Actor, Identity
from ticket_app.actor import over_rest as rest_of
from ticket_app.errors import (
    IdempotencyKeyReusedError,
    InvalidInputError,
    NotAllowedError,
    SignInRequiredError,
    TicketNotFoundError,
)
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery, MessagePublic
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.conversation.closing import close_ticket
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import MessageKind, Role, Side, Status

pytestmark = pytest.mark.usefixtures("database")

BEA, CAY = "bea@example.com", "cay@example.com"


def said(
    ticket_id: int,
    body: str = "We look into it.",
    actor: Actor | None = None,
    *,
    kind: MessageKind = MessageKind.REPLY,
    side: Side | None = None,
) -> MessagePublic:
    """Posts a message, as the team of an open desk unless an actor is given."""
    new = MessageCreate.model_validate({"body": body, "kind": kind, "from": side})
    return post_message(actor or over_rest(), ticket_id, new)


def heard(ticket_id: int, actor: Actor | None = None) -> list[str]:
    """Returns the bodies of the messages that the actor may read, oldest first."""
    return [each.body for each in reversed(listed(ticket_id, actor))]


def listed(ticket_id: int, actor: Actor | None = None) -> list[MessagePublic]:
    return list_messages(actor or over_rest(), ticket_id, MessageListQuery(limit=200))


def test_a_ticket_waits_from_its_filing_until_an_answer() -> None:
    ticket = opened()
    assert (ticket.waiting_since, ticket.first_responded_at) == (ticket.created_at, None)
    answer = said(ticket.id)
    now = get_ticket(over_rest(), ticket.id)
    assert (now.waiting_since, now.first_responded_at) == (None, answer.created_at)
    assert (now.version, now.updated_at) == (2, answer.created_at)
    later = said(ticket.id, "It is mended.")
    assert get_ticket(over_rest(), ticket.id).first_responded_at == answer.created_at
    assert [each.id for each in listed(ticket.id)] == [later.id, answer.id]


def test_the_oldest_unanswered_message_is_what_waits() -> None:
    ticket = opened()
    said(ticket.id)
    first = said(ticket.id, "Still broken.", side=Side.REQUESTER)
    said(ticket.id, "Hello?", side=Side.REQUESTER)
    assert get_ticket(over_rest(), ticket.id).waiting_since == first.created_at


def test_a_note_answers_nobody() -> None:
    ticket = opened()
    note = said(ticket.id, "Ask Cay first.", kind=MessageKind.NOTE)
    now = get_ticket(over_rest(), ticket.id)
    assert (now.waiting_since, now.first_responded_at) == (ticket.created_at, None)
    assert (now.version, now.updated_at) == (2, note.created_at)
    assert note.side is Side.TEAM


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_a_settled_ticket_waits_for_nobody_and_a_reply_reopens_it(status: Status) -> None:
    ticket = opened()
    assert changed(ticket.id, status=status).waiting_since is None
    said(ticket.id, "All the best.")
    assert get_ticket(over_rest(), ticket.id).status is status
    again = said(ticket.id, "It is back.", side=Side.REQUESTER)
    now = get_ticket(over_rest(), ticket.id)
    assert (now.status, now.resolved_at, now.waiting_since) == (
        Status.OPEN,
        None,
        again.created_at,
    )
    replied, reopened = events_of(ticket.id)[-2:]
    assert (replied.kind, replied.new_value) == ("replied", str(again.id))
    assert (reopened.field, reopened.old_value, reopened.new_value) == ("status", status, "open")
    assert replied.ticket_version == reopened.ticket_version == now.version


def test_a_ticket_that_is_filed_as_settled_waits_for_nobody() -> None:
    assert opened(status="resolved").waiting_since is None


def test_a_ticket_that_an_agent_reopens_waits_for_the_requester_to_write() -> None:
    ticket = opened()
    changed(ticket.id, status="closed")
    assert changed(ticket.id, status="in_progress").waiting_since is None


def test_a_deleted_ticket_takes_no_message_and_keeps_what_was_said() -> None:
    ticket = opened()
    said(ticket.id)
    delete_ticket(over_rest(), ticket.id)
    with pytest.raises(TicketNotFoundError):
        said(ticket.id, "Too late.")
    with pytest.raises(TicketNotFoundError):
        listed(ticket.id)
    restore_ticket(over_rest(), ticket.id)
    assert heard(ticket.id) == ["We look into it."]


def test_eight_writers_lose_nothing_and_keep_one_order() -> None:
    ticket = opened()

    def write(writer: int) -> None:
        for number in range(5):
            said(ticket.id, f"{writer}.{number}")

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(8)))
    found = listed(ticket.id)
    assert len(found) == 40
    for writer in range(8):
        own = [each.body for each in reversed(found) if each.body.startswith(f"{writer}.")]
        assert own == [f"{writer}.{number}" for number in range(5)]
    times = [each.created_at for each in found]
    assert times == sorted(times, reverse=True)
    versions = [int(each.new_value or 0) for each in events_of(ticket.id) if each.kind == "replied"]
    assert versions == [each.id for each in reversed(found)]
    assert get_ticket(over_rest(), ticket.id).version == 41


def test_a_clock_set_back_makes_no_message_older_than_the_one_before() -> None:
    ticket = opened()
    answer = said(ticket.id)
    early = replace(over_rest(), at=ticket.created_at - timedelta(hours=1))
    assert said(ticket.id, "Later.", early).created_at == answer.created_at


@pytest.mark.rest_in_prove("database")
def test_a_reply_that_resolves_is_one_change() -> None:
    ticket = opened()
    new = MessageCreate(body="It is mended.")
    answer = post_message(over_rest(), ticket.id, new, resolve=True)
    now = get_ticket(over_rest(), ticket.id)
    assert (now.status, now.resolved_at, now.waiting_since, now.version) == (
        Status.RESOLVED,
        answer.created_at,
        None,
        2,
    )
    assert [each.kind for each in events_of(ticket.id)] == ["created", "replied", "changed"]
    changed(ticket.id, status="closed")
    post_message(over_rest(), ticket.id, new, resolve=True)
    assert get_ticket(over_rest(), ticket.id).status is Status.CLOSED


@pytest.mark.rest_in_prove("database")
def test_a_key_posts_one_message_also_of_eight_writers() -> None:
    ticket, other = opened(), opened()
    new = MessageCreate(body="Once.")

    def write(_: int) -> int:
        return post_message(over_rest(), ticket.id, new, key="k").id

    with ThreadPoolExecutor(8) as writers:
        assert len(set(writers.map(write, range(8)))) == 1
    assert heard(ticket.id) == ["Once."]
    assert get_ticket(over_rest(), ticket.id).version == 2
    post_message(over_rest(), other.id, new, key="k")
    assert heard(other.id) == ["Once."]
    for unlike, resolve in ((MessageCreate(body="Twice."), False), (new, True)):
        with pytest.raises(IdempotencyKeyReusedError):
            post_message(over_rest(), ticket.id, unlike, key="k", resolve=resolve)
    assert get_ticket(over_rest(), ticket.id).version == 2


class Team(NamedTuple):
    """People of a closed desk, and a ticket of Bea's."""

    agent: Actor
    bea: Actor
    cay: Actor
    ticket: TicketPublic


@pytest.fixture
def team(database: str) -> Team:
    """A closed desk with an administrator and two requesters."""
    return Team(
        acting(administrator(), Role.ADMINISTRATOR),
        acting(account(BEA, Role.REQUESTER), Role.REQUESTER),
        acting(account(CAY, Role.REQUESTER), Role.REQUESTER),
        opened(requester_email=BEA),
    )


def test_a_requester_and_an_agent_talk(team: Team) -> None:
    answer = said(team.ticket.id, actor=team.agent)
    said(team.ticket.id, "Thank you.", team.bea)
    assert heard(team.ticket.id, team.bea) == ["We look into it.", "Thank you."]
    now = get_ticket(team.agent, team.ticket.id)
    assert now.first_responded_at == answer.created_at
    assert now.waiting_since is not None
    own, other = listed(team.ticket.id, team.bea)
    assert (own.side, own.author) == (Side.REQUESTER, "bea")
    assert (other.side, other.author, other.author_id) == (Side.TEAM, None, None)
    assert [each.author_id for each in listed(team.ticket.id, team.agent)] == [
        team.bea.identity.person_id,
        team.agent.identity.person_id,
    ]


def test_a_note_is_for_the_team_alone(team: Team) -> None:
    said(team.ticket.id, "The customer is right.", team.agent, kind=MessageKind.NOTE)
    assert heard(team.ticket.id, team.bea) == []
    assert heard(team.ticket.id, team.agent) == ["The customer is right."]
    with pytest.raises(NotAllowedError):
        said(team.ticket.id, "Let me in.", team.bea, kind=MessageKind.NOTE)


def test_nobody_writes_to_the_ticket_of_another(team: Team) -> None:
    with pytest.raises(TicketNotFoundError):
        said(team.ticket.id, "Mine?", team.cay)
    with pytest.raises(TicketNotFoundError):
        heard(team.ticket.id, team.cay)


def test_an_agent_speaks_as_the_requester_of_their_own_ticket(team: Team) -> None:
    own = opened(requester_email="ada@example.com")
    assert said(own.id, "More of it.", team.agent).side is Side.REQUESTER
    assert get_ticket(team.agent, own.id).first_responded_at is None


def test_the_holder_of_a_signed_link_answers_as_the_requester(team: Team) -> None:
    holder = rest_of(Identity(None, ticket_id=team.ticket.id))
    said(team.ticket.id, "It works now.", holder)
    (shown,) = listed(team.ticket.id, team.agent)
    assert (shown.side, shown.author_id) == (Side.REQUESTER, team.bea.identity.person_id)
    with pytest.raises(TicketNotFoundError):
        said(opened().id, "And this one?", holder)


def test_nobody_puts_words_into_the_mouth_of_another(team: Team) -> None:
    for actor in (team.agent, team.bea):
        with pytest.raises(InvalidInputError):
            said(team.ticket.id, "I am content.", actor, side=Side.REQUESTER)


def test_a_stranger_writes_nothing(team: Team) -> None:
    with pytest.raises(SignInRequiredError):
        said(team.ticket.id, "Hello.", rest_of(NOBODY))


@pytest.mark.rest_in_prove("database")
def test_a_requester_closes_their_own_ticket(team: Team) -> None:
    with pytest.raises(TicketNotFoundError):
        close_ticket(team.cay, team.ticket.id)
    for _ in range(2):
        close_ticket(team.bea, team.ticket.id)
    now = get_ticket(team.agent, team.ticket.id)
    assert (now.status, now.waiting_since, now.version) == (Status.CLOSED, None, 2)
    assert now.resolved_at == now.updated_at
    event = events_of(team.ticket.id)[-1]
    assert (event.field, event.new_value, event.actor_id) == (
        "status",
        "closed",
        team.bea.identity.person_id,
    )
    with pytest.raises(NotAllowedError):
        post_message(team.bea, team.ticket.id, MessageCreate(body="Done."), resolve=True)
