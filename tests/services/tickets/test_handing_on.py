"""The open tickets of someone who leaves the team go to another agent, or to nobody."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from harness.accounts import account, acting, administrator
from tests.services.desk import changed, events_of, opened, wait_for_a_blocked_writer
from ticket_app.actor import Actor, by_command
from ticket_app.data.engine import write_transaction
from ticket_app.data.people import accounts
from ticket_app.errors import DatabaseUnavailableError, InvalidInputError
from ticket_app.schemas.people import PersonUpdate
from ticket_app.services.people.accounts import rights
from ticket_app.services.tickets.assigning import handing_on
from ticket_app.services.tickets.assigning.handing_on import hand_on
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database")


class Team(NamedTuple):
    """The numbers of an administrator and of two agents, and the administrator who acts."""

    ada: int
    bea: int
    cay: int
    actor: Actor


@pytest.fixture
def team(database: str) -> Team:
    assert database
    ada = administrator()
    bea, cay = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay"))
    return Team(ada, bea, cay, acting(ada, Role.ADMINISTRATOR))


def assigned(to: int, count: int = 1) -> list[int]:
    """Files tickets and assigns them to this person; returns their numbers."""
    return [changed(opened().id, by_command(), assignee_id=to).id for _ in range(count)]


def assignees(tickets: list[int]) -> list[int | None]:
    return [get_ticket(by_command(), each).assignee_id for each in tickets]


def hand_on_all() -> int:
    """Hands on as the server does, until nothing waits; returns the number of tickets."""
    return sum(iter(lambda: hand_on(by_command()), 0))


def test_open_tickets_go_to_the_one_who_was_named(team: Team) -> None:
    mine, others = assigned(team.bea, 2), assigned(team.cay)
    settled, deleted = assigned(team.bea, 2)
    changed(settled, by_command(), status="closed")
    delete_ticket(by_command(), deleted)
    update = PersonUpdate(active=False, hand_to=team.cay)
    rights.change_person(team.actor, team.bea, update)
    assert hand_on_all() == 2
    assert assignees([*mine, *others]) == [team.cay] * 3
    assert assignees([settled]) == [team.bea]
    last = events_of(mine[0])[-1]
    assert (last.field, last.old_value, last.new_value) == (
        *("assignee_id", str(team.bea), str(team.cay)),
    )
    assert (last.actor_id, last.edge, last.ticket_version) == (team.ada, "rest", 3)
    # What is opened again or restored later goes the same way.
    changed(settled, by_command(), status="open")
    restore_ticket(by_command(), deleted)
    assert hand_on_all() == 2
    assert assignees([settled, deleted]) == [team.cay] * 2


def test_without_a_name_they_go_to_nobody_and_whoever_stays_keeps_theirs(team: Team) -> None:
    mine = assigned(team.bea, 2)
    rights.change_role(team.actor, team.bea, Role.ADMINISTRATOR)
    rights.change_person(team.actor, team.bea, PersonUpdate(name="Bea B."))
    assert hand_on_all() == 0
    assert assignees(mine) == [team.bea] * 2
    rights.change_role(team.actor, team.bea, Role.REQUESTER)
    assert hand_on_all() == 2
    assert assignees(mine) == [None, None]


def test_whoever_comes_back_keeps_what_is_left(team: Team) -> None:
    mine = assigned(team.bea)
    rights.set_active(team.actor, team.bea, False)
    rights.set_active(team.actor, team.bea, True)
    assert hand_on_all() == 0
    assert assignees(mine) == [team.bea]
    rights.set_active(team.actor, team.bea, False)
    assert hand_on_all() == 1


def test_only_another_agent_gets_them_and_only_from_someone_who_leaves(team: Team) -> None:
    mine = assigned(team.bea)
    eve = account("eve@example.com", Role.REQUESTER)
    for heir in (team.bea, eve, 10**9):
        with pytest.raises(InvalidInputError, match="hand_to: Only an active agent"):
            rights.set_active(team.actor, team.bea, False, heir)
    for update in (PersonUpdate(hand_to=team.cay), PersonUpdate(active=True, hand_to=team.cay)):
        with pytest.raises(InvalidInputError, match="hand_to: This person keeps their tickets"):
            rights.change_person(team.actor, team.bea, update)
    assert (hand_on_all(), assignees(mine)) == (0, [team.bea])


def test_an_heir_who_leaves_as_well_gets_nothing(team: Team) -> None:
    mine = assigned(team.bea)
    rights.set_active(team.actor, team.bea, False, team.cay)
    rights.set_active(team.actor, team.cay, False, team.ada)
    hand_on_all()
    assert assignees(mine) == [None]


def test_what_an_end_in_the_middle_leaves_is_handed_on_later(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_on, "AT_ONCE", 2)
    mine = assigned(team.bea, 5)
    rights.set_active(team.actor, team.bea, False, team.cay)
    assert hand_on(by_command()) == 2
    with monkeypatch.context() as patch:
        patch.setattr(handing_on, "record_changes", _killed)
        with pytest.raises(DatabaseUnavailableError):
            hand_on(by_command())
    assert assignees(mine) == [team.cay] * 2 + [team.bea] * 3
    assert hand_on_all() == 3
    assert assignees(mine) == [team.cay] * 5
    assert [len(events_of(each)) for each in mine] == [3] * 5


def _killed(*_: object) -> None:
    raise DatabaseUnavailableError


def test_nobody_is_assigned_while_they_leave(team: Team) -> None:
    """A ticket is assigned before the person leaves, and then it is handed on; or it is refused."""
    ticket = opened().id
    with ThreadPoolExecutor(1) as others:
        with write_transaction() as session:
            assert accounts.lock_agent(session, team.bea)
            leaving = others.submit(rights.set_active, team.actor, team.bea, False)
            wait_for_a_blocked_writer()
            assert not leaving.done()
        leaving.result()
    with pytest.raises(InvalidInputError, match="Only an active agent"):
        changed(ticket, team.actor, assignee_id=team.bea)
