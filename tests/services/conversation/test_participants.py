"""People copied on a ticket see it as its requester does, and speak for the requester."""

import pytest

from harness.accounts import account, acting, administrator
from tests.services.desk import changed, events_of, opened
from ticket_app.actor import Actor, by_command
from ticket_app.errors import InvalidInputError, NotAllowedError, TicketNotFoundError
from ticket_app.schemas.conversation import (
    MessageCreate,
    MessageListQuery,
    ParticipantCreate,
    ParticipantPublic,
)
from ticket_app.schemas.tickets import TicketFilter, TicketForRequester, TicketListQuery
from ticket_app.services.conversation import participants
from ticket_app.services.conversation.participants import (
    add_participant,
    list_participants,
    remove_participant,
)
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.erasing import requesters as erasing
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.tickets.listing import (
    count_tickets,
    get_ticket,
    get_tickets,
    list_tickets,
    ticket_history,
)
from ticket_app.services.tickets.own import own_ticket
from ticket_app.services.tickets.searching import search, search_page, ticket_by_number
from ticket_app.vocabulary import MessageKind, Role, Side, Sort

pytestmark = pytest.mark.usefixtures("database")

BEA, EVE = "bea@example.com", "eve@example.com"


@pytest.fixture
def bea(database: str) -> Actor:
    """A requester with an account."""
    assert database
    administrator()
    return acting(account(BEA, Role.REQUESTER), Role.REQUESTER)


def copy(ticket_id: int, person: int | str) -> ParticipantPublic:
    return add_participant(by_command(), ticket_id, ParticipantCreate(person=person))


def ids(actor: Actor, **query: object) -> list[int]:
    """Returns the numbers of a list, by lists, searches and counts alike."""
    wanted = TicketListQuery.model_validate(query)
    page = list_tickets(actor, wanted)
    listed = [each.id for each in page.items]
    assert [each.id for each in search_page(actor, wanted).items] == listed
    if page.next_cursor is None and wanted.cursor is None:
        fields = set(TicketFilter.model_fields) & query.keys()
        counted = TicketFilter.model_validate({name: query[name] for name in fields})
        assert count_tickets(actor, counted).tickets == len(listed)
    return listed


def test_whoever_is_copied_sees_the_ticket_among_their_own_and_no_other(bea: Actor) -> None:
    theirs, own = [], []
    for number in range(4):
        theirs.append(opened(requester_email=EVE, title=f"Printer {number}").id)
        own.append(opened(requester_email=BEA, title=f"Scanner {number}").id)
    deleted = opened(requester_email=EVE).id
    for each in (theirs[3], theirs[0], deleted):
        copy(each, BEA)
    delete_ticket(by_command(), deleted)
    seen = sorted([theirs[0], theirs[3], *own])
    assert ids(bea) == seen[::-1]
    assert ids(bea, sort="oldest") == seen
    for sort in set(Sort) - {Sort.URGENT}:
        assert sorted(ids(bea, sort=sort)) == seen
    assert ids(bea, search="printer") == [theirs[3], theirs[0]]
    assert ids(bea, search="printer 1") == ids(bea, status=["closed"]) == []
    assert get_tickets(bea, [*theirs, *own]).keys() == set(seen)
    assert own_ticket(bea, theirs[0]) == get_ticket(bea, theirs[0])
    assert isinstance(get_ticket(bea, theirs[0]), TicketForRequester)
    assert (
        ticket_by_number(bea, f"#{theirs[3]}")
        == search(bea, TicketListQuery(search=f"#{theirs[3]}")).ticket
    )
    assert [each.kind for each in ticket_history(bea, theirs[0])] == ["created"]
    for hidden in (theirs[1], deleted):
        with pytest.raises(TicketNotFoundError):
            get_ticket(bea, hidden)
        with pytest.raises(TicketNotFoundError):
            list_messages(bea, hidden, MessageListQuery())
    page = list_tickets(bea, TicketListQuery(limit=2))
    paged = [each.id for each in page.items]
    while page.next_cursor is not None:
        page = list_tickets(bea, TicketListQuery(limit=2, cursor=page.next_cursor))
        paged += [each.id for each in page.items]
    assert paged == seen[::-1]
    remove_participant(by_command(), theirs[0], bea.identity.person_id or 0)
    assert theirs[0] not in ids(bea)
    # Who becomes the requester sees it once.
    changed(theirs[3], by_command(), requester_email=BEA)
    assert ids(bea, search="printer") == [theirs[3]]


def test_their_reply_counts_as_the_requesters(bea: Actor) -> None:
    ticket = opened(requester_email=EVE).id
    note = MessageCreate(body="They are a key account.", kind=MessageKind.NOTE)
    post_message(by_command(), ticket, note)
    post_message(by_command(), ticket, MessageCreate(body="Done?"))
    changed(ticket, by_command(), status="resolved")
    with pytest.raises(TicketNotFoundError):
        post_message(bea, ticket, MessageCreate(body="No."))
    copy(ticket, BEA)
    said = post_message(bea, ticket, MessageCreate(body="No."))
    assert (said.side, said.author_id) == (Side.REQUESTER, bea.identity.person_id)
    now = get_ticket(by_command(), ticket)
    assert (now.status, now.waiting_since) == ("open", said.created_at)
    assert [each.body for each in list_messages(bea, ticket, MessageListQuery())] == [
        "No.",
        "Done?",
    ]
    with pytest.raises(NotAllowedError):
        post_message(bea, ticket, note)


def test_agents_add_and_remove_people_by_number_or_address(bea: Actor) -> None:
    ticket = opened(requester_email=EVE).id
    added = copy(ticket, "Cid@Example.com")
    assert (added.name, added.email) == ("Cid", "cid@example.com")
    assert copy(ticket, added.id) == copy(ticket, "cid@example.com") == added
    assert directory.get_person(by_command(), added.id).role is Role.REQUESTER
    other = copy(ticket, bea.identity.person_id or 0)
    assert list_participants(by_command(), ticket) == [added, other]
    remove_participant(by_command(), ticket, added.id)
    remove_participant(by_command(), ticket, added.id)
    assert list_participants(by_command(), ticket) == [other]
    told = [
        (each.old_name, each.new_name)
        for each in ticket_history(by_command(), ticket)
        if each.field == "participant"
    ]
    assert told == [("Cid", None), (None, "bea"), (None, "Cid")]
    assert [each.ticket_version for each in events_of(ticket)] == [1, 2, 3, 4]
    for refused in (add_participant, remove_participant, list_participants):
        given = {add_participant: (ParticipantCreate(person=BEA),), remove_participant: (1,)}
        with pytest.raises(NotAllowedError):
            refused(bea, ticket, *given.get(refused, ()))


def test_a_ticket_has_a_bounded_number_of_active_people(
    bea: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participants, "PARTICIPANTS_MAX", 2)
    ticket = opened(requester_email=EVE).id
    with pytest.raises(InvalidInputError, match="requester of the ticket"):
        copy(ticket, EVE)
    gone = account("gone@example.com", Role.REQUESTER)
    rights.set_active(by_command(), gone, False)
    for nobody in (gone, "gone@example.com", 10**9):
        with pytest.raises(InvalidInputError, match="no such person"):
            copy(ticket, nobody)
    copy(ticket, BEA), copy(ticket, "cid@example.com")
    with pytest.raises(InvalidInputError, match="at most"):
        copy(ticket, "dan@example.com")
    with pytest.raises(TicketNotFoundError):
        copy(10**9, "dan@example.com")
    assert len(list_participants(by_command(), ticket)) == 2


def test_erasing_a_person_takes_them_off_and_erases_what_they_said(
    bea: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    ticket = opened(requester_email=EVE, title="The printer").id
    cid = copy(ticket, "cid@example.com").id
    copy(ticket, BEA)
    for each in (cid, cid, cid, bea.identity.person_id or 0):
        post_message(acting(each, Role.REQUESTER), ticket, MessageCreate(body=f"I am {each}."))
    list(erase_requester(by_command(), find_requester(by_command(), "cid@example.com")))
    assert [each.email for each in list_participants(by_command(), ticket)] == [BEA]
    said = [each.body for each in list_messages(by_command(), ticket, MessageListQuery())]
    assert said == [f"I am {bea.identity.person_id}.", *["Erased"] * 3]
    assert get_ticket(by_command(), ticket).title == "The printer"
    assert ticket_history(by_command(), ticket)[0].kind == "erased"
