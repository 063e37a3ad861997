"""One agent or administrator, or nobody, is assigned to a ticket."""

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, events_of, opened
from ticket_app.actor import by_command
from ticket_app.errors import InvalidInputError, NotAllowedError
from ticket_app.schemas.people import PeopleListQuery
from ticket_app.services.people import identity
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.people.assignees import DESK_NAME
from ticket_app.services.tickets.listing import get_ticket, ticket_history
from ticket_app.vocabulary import EventKind, Role

pytestmark = pytest.mark.usefixtures("database")

BEA, EVE = "bea@example.com", "eve@example.com"


def test_a_ticket_is_assigned_handed_on_and_taken_from_them() -> None:
    ada = administrator()
    bea = account(BEA, Role.AGENT)
    agent = acting(bea, Role.AGENT)
    ticket = opened()
    assert ticket.assignee_id is None
    mine = changed(ticket.id, agent, assignee_id="me")
    assert (mine.assignee_id, mine.version) == (bea, 2)
    assert changed(ticket.id, agent, assignee_id=bea).version == 2
    assert changed(ticket.id, agent, assignee_id=str(ada), status="closed").assignee_id == ada
    assert changed(ticket.id, agent, assignee_id="").assignee_id is None
    assert get_ticket(agent, ticket.id).assignee_id is None
    recorded = [
        (each.ticket_version, each.old_value, each.new_value, each.actor_id)
        for each in events_of(ticket.id)
        if (each.kind, each.field) == (EventKind.CHANGED, "assignee_id")
    ]
    steps = [(None, bea), (bea, ada), (ada, None)]
    assert recorded == [
        (version, *(each and str(each) for each in step), bea)
        for version, step in enumerate(steps, 2)
    ]
    told = [
        (each.old_name, each.new_name)
        for each in ticket_history(agent, ticket.id)
        if each.field == "assignee_id"
    ]
    assert told == [("ada", None), ("bea", "ada"), (None, "bea")]


def test_only_an_active_agent_or_administrator_can_be_assigned() -> None:
    administrator()
    agent = acting(account(BEA, Role.AGENT), Role.AGENT)
    gone, eve = account("gone@example.com", Role.AGENT), account(EVE, Role.REQUESTER)
    rights.set_active(by_command(), gone, False)
    ticket = opened(requester_email=EVE)
    for nobody in (gone, eve, 10**9):
        with pytest.raises(InvalidInputError, match="Only an active agent or administrator"):
            changed(ticket.id, agent, assignee_id=nobody, title="Another title")
    with pytest.raises(InvalidInputError, match="No person acts here"):
        changed(ticket.id, by_command(), assignee_id="me")
    assert get_ticket(agent, ticket.id) == ticket
    with pytest.raises(NotAllowedError):
        changed(ticket.id, acting(eve, Role.REQUESTER), assignee_id=None)


def test_an_open_desk_assigns_to_itself() -> None:
    first, second = opened(), opened()
    desk = changed(first.id, assignee_id="me").assignee_id
    assert desk is not None
    assert changed(second.id, assignee_id="me").assignee_id == desk
    assert ticket_history(over_rest(), first.id)[0].new_name == DESK_NAME
    assert identity.read_is_open(by_command())
    administrator()
    (known,) = directory.find_people(by_command(), PeopleListQuery(search=DESK_NAME)).people
    assert (known.id, known.role, known.has_account) == (desk, Role.AGENT, False)
    assert get_ticket(by_command(), first.id).assignee_id == desk
