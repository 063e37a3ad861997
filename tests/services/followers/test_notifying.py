"""The first follower notifies people of what concerns them, and nobody of their own act."""

from typing import NamedTuple

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.actor import Actor, by_command
from ticket_app.bus import Notified, bus
from ticket_app.data.engine import get_engine, read_transaction
from ticket_app.data.people.accounts import read_fact
from ticket_app.errors import NotAllowedError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.followers.following import Following, follow
from ticket_app.services.followers.mentions import Mentionable, mentionable_people, mentioned
from ticket_app.services.followers.notifying import CONCERNS, NAME, notify
from ticket_app.services.people.accounts import rights
from ticket_app.services.people.accounts.directory import rename_self
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
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
        ("@Ann Lee (4) and @ann (1)", {4, 1}),
        ("@Ann Lee (3), @Ann Lee(4)", {2, 4}),
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


@pytest.mark.rest_in_prove("database")
def test_whoever_has_left_the_team_is_told_of_nothing(team: Team) -> None:
    ticket = opened().id
    changed(ticket, team.as_bea, assignee_id=team.cay)
    rights.set_active(by_command(), team.cay, False)
    said(team.as_bea, ticket, "Where are you, @Cay?")
    assert team.found() == []


@pytest.mark.rest_in_prove("database")
def test_pages_count_anew_when_a_ticket_goes_and_comes_back(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Notified] = []
    monkeypatch.setattr(bus, "publish_notified", told.append)
    other = opened().id
    ticket = opened().id
    changed(ticket, team.as_bea, assignee_id=team.cay)
    team.found()
    assert told == [Notified(team.cay)]
    for number in (other, ticket):
        delete_ticket(team.as_bea, number)
    restore_ticket(team.as_bea, ticket)
    team.found()
    assert told == [Notified(team.cay)] * 3


def test_people_of_one_name_are_told_apart(team: Team) -> None:
    assert mentionable_people(team.as_cay)[1:] == [Mentionable("Bea Bell", None)]
    twin = account("twin@example.com", Role.AGENT)
    gone = account("gone@example.com", Role.AGENT)
    for each in (twin, gone):
        rename_self(acting(each, Role.AGENT), "bea  bell")
    rights.set_active(by_command(), gone, False)
    offered = mentionable_people(team.as_cay)[1:]
    assert sorted(each.email or "" for each in offered) == ["bea@example.com", "twin@example.com"]
    ticket = opened().id
    (name,) = [each.name for each in offered if each.email == "twin@example.com"]
    said(team.as_cay, ticket, f"Please look, @{name}.", MessageKind.NOTE)
    assert team.found() == [(twin, "mentioned", team.cay)]
    said(team.as_cay, ticket, "And you, @Bea Bell.", MessageKind.NOTE)
    assert {each[0] for each in team.found()[1:]} == {team.bea, twin}
    with pytest.raises(NotAllowedError):
        mentionable_people(acting(gone, Role.REQUESTER))


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
