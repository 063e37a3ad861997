"""Lists of one requester, by number or address, and the requesters whom a typed name finds."""

import unicodedata

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.actor import by_command
from ticket_app.data.engine import write_transaction
from ticket_app.errors import InvalidInputError, NotAllowedError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery
from ticket_app.services.people.accounts import rights
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.tickets.listing import count_tickets, list_tickets, ticket_history
from ticket_app.services.tickets.requesters import person_of, requesters_named
from ticket_app.services.tickets.searching import search, search_page
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database")

DECOMPOSED = unicodedata.normalize("NFD", "j\xf3se@example.com")


def found(requester: object, **values: object) -> list[int]:
    """Returns the numbers of the tickets, by a list and by the search alike."""
    query = parse(TicketListQuery, {"requester": requester, **values})
    listed = [each.id for each in list_tickets(over_rest(), query).items]
    assert [each.id for each in search(over_rest(), query).page.items] == listed
    wanted = parse(TicketFilter, {"requester": requester, **values})
    assert count_tickets(over_rest(), wanted).tickets == len(listed)
    return listed


def person(name: str) -> int:
    (one,) = requesters_named(over_rest(), name)
    return one.id


def test_a_list_is_of_one_requester_by_number_or_address() -> None:
    first = opened(requester_name="Ana Lima", requester_email="Ana@Example.com")
    second = opened(requester_email="ana@example.com", status="closed", title="Printer")
    opened(requester_email="bob@example.com")
    opened()
    ana = person("ana lima")
    for key in (ana, str(ana), "ana@example.com", "ANA@EXAMPLE.com", "Ana <ana@example.com>"):
        assert found(key) == [second.id, first.id]
    assert found(ana, status=["closed"]) == [second.id]
    assert found(ana, search="printer") == found("ana@example.com", search="printer") == [second.id]
    assert found(999) == found("nobody@example.com") == found(ana, search="nowhere") == []
    for wrong in ("ana", "0", "-1", "9" * 19, "\u0661", "1.0", "", "a@b\x00"):
        with pytest.raises(InvalidInputError):
            parse(TicketFilter, {"requester": wrong})


@pytest.mark.parametrize("early", [False, True])
def test_an_address_is_found_in_both_forms_of_its_accents(early: bool) -> None:
    ticket = opened(requester_email="j\xf3se@example.com")
    if early:
        with write_transaction() as session:
            session.execute(text("UPDATE person SET email = :email").bindparams(email=DECOMPOSED))
    for key in ("j\xf3se@example.com", DECOMPOSED, DECOMPOSED.upper()):
        assert found(key) == [ticket.id]


def test_pages_of_a_requester_follow_each_other() -> None:
    numbers = [opened(requester_email="ana@example.com").id for _ in range(5)]
    opened(requester_email="bob@example.com")
    query = TicketListQuery(requester="ana@example.com", limit=2)
    page = search_page(over_rest(), query)
    listed = [each.id for each in page.items]
    while page.next_cursor is not None:
        page = search_page(over_rest(), query.model_copy(update={"cursor": page.next_cursor}))
        listed += [each.id for each in page.items]
    assert listed == numbers[::-1]


def names(typed: str) -> list[str]:
    return [each.name for each in requesters_named(over_rest(), typed)]


def test_a_typed_name_finds_people_with_tickets() -> None:
    for each in range(7):
        opened(requester_name=f"Lima {each}", requester_email=f"lima{each}@example.com")
    gone = opened(requester_name="Eve Luz", requester_email="eve@example.com")
    delete_ticket(over_rest(), gone.id)
    administrator("limard@example.com")
    assert names("lima") == [f"Lima {each}" for each in range(5)]
    assert names("LIMA6@ex") == ["Lima 6"]
    assert names("l") == names("#1") == names("77") == names("eve") == names("x" * 300) == []


def test_a_requester_is_told_of_nobody() -> None:
    opened(requester_name="Ana Lima", requester_email="ana@example.com")
    administrator()
    bea = acting(account("bea@example.com", Role.REQUESTER), Role.REQUESTER)
    own = opened(requester_email="bea@example.com").id
    with pytest.raises(NotAllowedError):
        requesters_named(bea, "ana")
    for key in ("ana@example.com", 1, "nobody@example.com", 999):
        query = TicketListQuery(requester=key)
        assert list_tickets(bea, query).items == [] == search(bea, query).page.items
        assert person_of(bea, query) is None
    mine = list_tickets(bea, TicketListQuery(requester="bea@example.com"))
    assert [each.id for each in mine.items] == [own]


def test_a_history_names_the_people_who_acted() -> None:
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    ticket = opened()
    changed(ticket.id, acting(bea, Role.AGENT), status="in_progress")
    rights.set_active(by_command(), bea, False)
    changed(ticket.id, by_command(), status="closed")
    events = ticket_history(acting(bea, Role.AGENT), ticket.id)
    assert [each.actor_name for each in events] == [None, "bea", None]
