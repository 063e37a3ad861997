"""Lists, searches and counts of one assignee, of the one who acts, and of nobody."""

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.actor import Actor, by_command
from ticket_app.errors import InvalidInputError, NotAllowedError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.tickets.listing import count_tickets, list_tickets
from ticket_app.services.tickets.searching import search, search_page
from ticket_app.vocabulary import Role, Sort

pytestmark = pytest.mark.usefixtures("database")

OPEN = ["open", "in_progress"]


def found(actor: Actor, assignee: object, **values: object) -> list[int]:
    """Returns the numbers of the tickets, by lists in every order, searches and counts alike."""
    query = parse(TicketListQuery, {"assignee": assignee, **values})
    listed = [each.id for each in list_tickets(actor, query).items]
    assert [each.id for each in search(actor, query).page.items] == listed
    wanted = parse(TicketFilter, {"assignee": assignee, **values})
    assert count_tickets(actor, wanted).tickets == len(listed)
    for sort in Sort:
        page = search_page(actor, query.model_copy(update={"sort": sort}))
        assert sorted(each.id for each in page.items) == sorted(listed)
    return listed


def test_a_list_is_of_one_assignee_or_of_nobody() -> None:
    administrator()
    bea, cay = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay"))
    agent = acting(bea, Role.AGENT)
    first, second, third, fourth, gone = (opened(title=f"Printer {each}").id for each in range(5))
    changed(first, agent, assignee_id=bea)
    changed(second, agent, assignee_id="me", status="closed")
    changed(third, agent, assignee_id=cay)
    changed(gone, agent, assignee_id=bea)
    delete_ticket(agent, gone)
    assert found(agent, "me") == found(agent, bea) == found(agent, str(bea)) == [second, first]
    assert found(agent, cay) == [third]
    assert found(agent, "none") == [fourth]
    assert found(agent, "me", status=OPEN) == found(agent, bea, unanswered=True) == [first]
    assert found(agent, "me", search="printer 1", status=["closed"]) == [second]
    assert found(agent, "none", search="printer") == found(agent, "none", status=OPEN) == [fourth]
    assert found(agent, "none", search="nowhere") == found(agent, 10**9) == []
    changed(third, agent, assignee_id=None)
    assert found(agent, "none", requester=1) == found(agent, cay) == []
    assert found(agent, "none") == [fourth, third]


def test_pages_of_nobody_follow_each_other() -> None:
    desk = changed(opened().id, assignee_id="me").assignee_id
    numbers = [opened().id for _ in range(5)]
    for sort in Sort:
        query = TicketListQuery(assignee="none", limit=2, sort=sort, status=OPEN)
        page = list_tickets(over_rest(), query)
        listed = [each.id for each in page.items]
        while page.next_cursor is not None:
            query = query.model_copy(update={"cursor": page.next_cursor})
            page = list_tickets(over_rest(), query)
            listed += [each.id for each in page.items]
        assert sorted(listed) == numbers, sort
    assert found(over_rest(), "me") == found(over_rest(), desk) == [numbers[0] - 1]


def test_whoever_is_nobody_has_nothing_and_a_requester_is_told_nothing() -> None:
    opened()
    assert found(over_rest(), "me") == found(by_command(), "me") == []
    administrator()
    rob = acting(account("rob@example.com", Role.REQUESTER), Role.REQUESTER)
    for assignee in ("me", "none", 1):
        for ask in (list_tickets, search, search_page):
            with pytest.raises(NotAllowedError):
                ask(rob, TicketListQuery(assignee=assignee))
        with pytest.raises(NotAllowedError):
            count_tickets(rob, TicketFilter(assignee=assignee))
    wrongs: list[object] = ["", "x", "0", "-1", "None", "9" * 19, True, 1.5, []]
    for wrong in wrongs:
        with pytest.raises(InvalidInputError):
            parse(TicketFilter, {"assignee": wrong})
