"""The first follower notifies people of what concerns them, and nobody of their own act."""

from typing import NamedTuple

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.actor import Actor, by_command
from ticket_app.data.engine import get_engine, read_transaction
from ticket_app.data.people.accounts import read_fact
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.followers.following import Following, follow
from ticket_app.services.followers.mentions import mentioned
from ticket_app.services.followers.notifying import CONCERNS, NAME, notify
from ticket_app.services.people.accounts.directory import rename_self
from ticket_app.vocabulary import MessageKind, Role

TEAM = [(1, "Ann"), (2, "Ann Lee"), (3, "José  Álvarez"), (4, "ann lee"), (5, "O'Brien (Sales)")]
FOUND = text("SELECT person_id, kind, actor_id FROM notification ORDER BY event_id, person_id")


@pytest.mark.parametrize(
    ("body", "people"),
    [
        ("Can you look, @Ann?", {1}),
        ("@ann  lee: please", {2, 4}),
        ("@Ann Leeson and @Annabel", {1}),
        ("(@JOSÉ álvarez) @O'Brien (Sales)", {3, 5}),
        ("Write to ann@ann or Ann Lee", set()),
        ("@", set()),
    ],
)
def test_a_mention_is_the_whole_name_after_an_at(body: str, people: set[int]) -> None:
    assert mentioned(body, TEAM) == people
    assert mentioned(body, []) == set()


class Team(NamedTuple):
    """Two agents, their numbers, and the follower."""

    bea: int
    cay: int
    as_bea: Actor
    as_cay: Actor
    following: Following

    def found(self) -> list[tuple[int, str, int | None]]:
        """Follows to the end; returns all notifications as person, kind and who acted."""
        while follow(by_command(), self.following):
            pass
        with get_engine().connect() as connection:
            return [tuple(row) for row in connection.execute(FOUND)]


@pytest.fixture
def team(database: str) -> Team:
    assert database
    administrator()
    bea, cay = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay"))
    actors = acting(bea, Role.AGENT), acting(cay, Role.AGENT)
    for actor, name in zip(actors, ("Bea Bell", "Cay"), strict=True):
        rename_self(actor, name)
    begun = Team(bea, cay, *actors, Following(NAME, notify, CONCERNS))
    assert begun.found() == []
    return begun


def said(actor: Actor, ticket: int, body: str, kind: MessageKind = MessageKind.REPLY) -> None:
    post_message(actor, ticket, MessageCreate(body=body, kind=kind))


@pytest.mark.rest_in_prove("database")
def test_people_are_notified_of_what_concerns_them(team: Team) -> None:
    ticket = opened(requester_email="eve@example.com").id
    changed(ticket, team.as_bea, assignee_id=team.bea)
    changed(ticket, team.as_bea, assignee_id=None)
    changed(ticket, team.as_bea, assignee_id=team.cay)
    expected: list[tuple[int, str, int | None]] = [(team.cay, "assigned", team.bea)]
    assert team.found() == expected
    eve = acting(account("eve@example.com", Role.REQUESTER), Role.REQUESTER)
    said(eve, ticket, "Are you there, @Bea Bell?")
    expected += [(team.cay, "replied", eve.identity.person_id)]
    assert team.found() == expected
    said(team.as_cay, ticket, "Yes")
    said(team.as_cay, ticket, "What do you think, @bea bell and @Cay?", MessageKind.NOTE)
    expected += [(team.bea, "mentioned", team.cay)]
    assert team.found() == expected
    said(team.as_bea, ticket, "@Cay knows.")
    expected += [(team.cay, "mentioned", team.bea)]
    assert team.found() == expected


def test_an_event_that_is_seen_twice_notifies_once(team: Team) -> None:
    changed(opened().id, team.as_bea, assignee_id=team.cay)
    handle = team.following.handle

    def twice(actor: Actor, event: object) -> None:
        handle(actor, event)  # type: ignore[arg-type]
        handle(actor, event)  # type: ignore[arg-type]

    team.following.handle = twice
    assert team.found() == [(team.cay, "assigned", team.bea)]


@pytest.mark.usefixtures("database")
@pytest.mark.rest_in_prove("database")
def test_the_agent_of_an_open_desk_hears_of_the_words_of_a_requester() -> None:
    desk = Team(0, 0, over_rest(), over_rest(), Following(NAME, notify, CONCERNS))
    assert desk.found() == []
    ticket = opened().id
    changed(ticket, assignee_id="me")
    said(over_rest(), ticket, "We look into it.")
    assert desk.found() == []
    post_message(
        over_rest(), ticket, MessageCreate.model_validate({"body": "Hm", "from": "requester"})
    )
    with read_transaction() as session:
        agent = read_fact(session).agent_id
    assert [each[:2] for each in desk.found()] == [(agent, "replied")]
