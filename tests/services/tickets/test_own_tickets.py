"""A requester sees their own tickets, and the holder of a link one: nothing tells of others."""

from collections.abc import Callable
from json import loads
from typing import Any

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import all_tickets, changed, opened
from ticket_app import actor as actors
from ticket_app.actor import Actor, Identity
from ticket_app.errors import NotAllowedError, SignInRequiredError, TicketNotFoundError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.tickets import (
    SHOWN_TO_REQUESTER,
    TicketCreate,
    TicketFilter,
    TicketListQuery,
)
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.tickets import listing
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.filing import Filed, Request, file_all_once, file_once, open_ticket
from ticket_app.services.tickets.listing import (
    count_tickets,
    get_ticket,
    get_tickets,
    list_tickets,
)
from ticket_app.services.tickets.searching import search, search_page, ticket_by_number
from ticket_app.vocabulary import MessageKind, Role, Sort

pytestmark = pytest.mark.usefixtures("database")

BEA, EVE = "bea@example.com", "eve@example.com"


@pytest.fixture
def bea(database: str) -> Actor:
    """A requester with an account, at a desk on which others file tickets, too."""
    assert database
    administrator()
    return acting(account(BEA, Role.REQUESTER), Role.REQUESTER)


def link_holder(ticket_id: int) -> Actor:
    """Returns who holds the signed link of a ticket."""
    return actors.over_rest(Identity(None, ticket_id=ticket_id))


def ids(wanted: Actor, **query: Any) -> list[int]:
    """Returns the ids of a search page, which is the list without a search text."""
    return [each.id for each in search_page(wanted, TicketListQuery(**query)).items]


def test_pages_and_counts_are_of_own_tickets(bea: Actor) -> None:
    own = []
    for number in range(7):
        opened(requester_email=EVE, title="Theirs", priority="high")
        own.append(opened(requester_email=BEA, priority="high" if number % 2 else "low").id)
    opened(title="Of nobody")
    deleted = opened(requester_email=BEA).id
    delete_ticket(over_rest(), deleted)
    page = list_tickets(bea, TicketListQuery(limit=4))
    rest = list_tickets(bea, TicketListQuery(limit=4, cursor=page.next_cursor))
    assert [each.id for each in page.items + rest.items] == own[::-1]
    assert rest.next_cursor is None
    assert ids(bea, priority=["high"]) == own[1::2][::-1]
    assert count_tickets(bea, TicketFilter()) == (7, False)
    assert count_tickets(bea, TicketFilter(priority=["high"])) == (3, False)
    assert get_tickets(bea, [one.id for one in all_tickets()]).keys() == set(own)
    assert count_tickets(over_rest(), TicketFilter()) == (15, False)


def test_a_search_is_of_own_tickets(bea: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    own = [opened(requester_email=BEA, description="The 50% printer smokes.").id for _ in range(3)]
    theirs = opened(requester_email=EVE, description="Printer, and bea@example.com.").id
    for words in ("printer", "PRINT", "50%", "r s"):
        result = search(bea, TicketListQuery(search=words))
        assert [each.id for each in result.page.items] == own[::-1]
        assert result.matching == (3, False)
    assert ids(bea, search="printer", status=["closed"]) == []
    for theirs_only in (f"#{theirs}", EVE, BEA, "and bea"):
        result = search(bea, TicketListQuery(search=theirs_only))
        assert (result.page.items, result.ticket, result.requester) == ([], None, None)
        assert result.matching == (0, False)
    assert ticket_by_number(bea, f"#{own[0]}") == get_ticket(bea, own[0])
    monkeypatch.setattr(listing, "SEARCH_COUNT_MAX", 2)
    assert count_tickets(bea, TicketFilter(search="printer")) == (2, True)


def test_a_foreign_ticket_is_as_one_that_never_was(bea: Actor) -> None:
    own, theirs = opened(requester_email=BEA).id, opened(requester_email=EVE).id
    gone = opened(requester_email=BEA).id
    delete_ticket(over_rest(), gone)
    assert get_ticket(bea, own).requester_email == BEA
    for absent in (theirs, gone, 10**9):
        with pytest.raises(TicketNotFoundError, match=f"There is no ticket {absent}. It may have"):
            get_ticket(bea, absent)
    changed(own, requester_email=EVE)
    with pytest.raises(TicketNotFoundError):
        get_ticket(bea, own)


def test_a_requester_does_not_see_what_the_triage_found(bea: Actor) -> None:
    angry = {"description": "Furious! Production is down, this is unacceptable!"}
    filed = open_ticket(bea, TicketCreate(title="A", **angry))
    file_once(bea, TicketCreate(title="A", **angry), "a-key")
    replayed = file_once(bea, TicketCreate(title="A", **angry), "a-key")
    (known,) = get_tickets(bea, [filed.id]).values()
    found = search(bea, TicketListQuery(search=f"#{filed.id}")).ticket
    page = list_tickets(bea, TicketListQuery())
    for seen in (filed, replayed.ticket, known, found, get_ticket(bea, filed.id), *page.items):
        assert seen is not None
        assert seen.sentiment == "neutral"
        assert seen.model_dump().keys() == SHOWN_TO_REQUESTER
    assert all(each.keys() == SHOWN_TO_REQUESTER for each in loads(page.json_array))
    whole = get_ticket(over_rest(), filed.id)
    assert whole.sentiment != "neutral"
    assert (
        whole.model_dump(include=set(SHOWN_TO_REQUESTER)) == get_ticket(bea, filed.id).model_dump()
    )
    for ask in (list_tickets, search, search_page, count_tickets):
        with pytest.raises(NotAllowedError):
            ask(bea, TicketListQuery(sentiment=["angry"]))
    for ask in (list_tickets, search, search_page):
        with pytest.raises(NotAllowedError):
            ask(bea, TicketListQuery(sort=Sort.URGENT))
        for sort in set(Sort) - {Sort.URGENT}:
            ask(bea, TicketListQuery(sort=sort))


def test_the_holder_of_a_link_sees_one_ticket() -> None:
    administrator()
    one, other = opened(requester_email=BEA).id, opened(requester_email=BEA).id
    holder = link_holder(one)
    assert get_ticket(holder, one).id == one
    assert ids(holder) == ids(holder, search="wallpaper") == [one]
    assert count_tickets(holder, TicketFilter()) == (1, False)
    with pytest.raises(TicketNotFoundError):
        get_ticket(holder, other)
    with pytest.raises(SignInRequiredError):
        delete_ticket(holder, one)


@pytest.mark.parametrize(
    "who",
    [
        Identity(Role.REQUESTER),
        Identity(Role.REQUESTER, person_id=999_999),
        Identity(None, ticket_id=999_999),
    ],
)
def test_who_has_no_ticket_sees_none(who: Identity) -> None:
    opened(requester_email=BEA)
    opened()
    nobody = actors.over_rest(who)
    assert ids(nobody) == ids(nobody, search="wallpaper") == ids(nobody, status=["open"]) == []
    assert count_tickets(nobody, TicketFilter()) == (0, False)


def test_a_search_finds_replies_for_all_and_notes_for_the_team(bea: Actor) -> None:
    own, foreign = (opened(requester_email=each).id for each in (BEA, EVE))
    for ticket_id in (own, foreign):
        for kind, body in (("reply", "Mend the fuser."), ("note", "She broke the roller.")):
            post_message(over_rest(), ticket_id, MessageCreate(body=body, kind=MessageKind(kind)))
    for who, replies, notes in (
        (over_rest(), [foreign, own], [foreign, own]),
        (bea, [own], []),
        (link_holder(own), [own], []),
    ):
        for word, expected in (("FUSER", replies), ("roller", notes), ("fu", replies)):
            assert ids(who, search=word) == expected, word
            assert count_tickets(who, TicketFilter(search=word)) == (len(expected), False)


def test_a_history_tells_a_requester_of_the_answers_and_of_no_colleague(bea: Actor) -> None:
    ada = acting(administrator("ada@example.com"), Role.ADMINISTRATOR)
    ticket = opened(requester_email=EVE)
    changed(ticket.id, ada, requester_email=BEA, title="Printer", priority="high")
    for kind in MessageKind:
        post_message(ada, ticket.id, MessageCreate(body="Look.", kind=kind))
    own = post_message(bea, ticket.id, MessageCreate(body="Thanks."))
    delete_ticket(ada, ticket.id)
    restore_ticket(ada, ticket.id)
    changed(ticket.id, ada, status="closed", description="It smokes terribly!")
    for who in (bea, link_holder(ticket.id)):
        closed, thanks, answered, created = listing.ticket_history(who, ticket.id)
        assert (closed.field, closed.old_value, closed.new_value) == ("status", "open", "closed")
        assert (thanks.new_value, answered.kind, created.kind) == (
            str(own.id), "replied", "created",
        )  # fmt: skip
        told = {(each.actor_id, each.actor_name) for each in (closed, answered, created)}
        assert told == {(None, None)}
        assert (thanks.actor_name == "bea") is (who is bea)
    whole = listing.ticket_history(ada, ticket.id)
    assert {"noted", "deleted", "restored"} < {each.kind for each in whole}
    (deleted,) = (each for each in whole if each.kind == "deleted")
    assert deleted.actor_id == ada.identity.person_id
    foreign = opened(requester_email=EVE).id
    for number in (foreign, 10**9):
        with pytest.raises(TicketNotFoundError):
            listing.ticket_history(bea, number)


@pytest.mark.parametrize("verb", [delete_ticket, listing.ticket_suggestions])
def test_what_is_for_agents_is_refused_for_own_tickets_too(
    bea: Actor, verb: Callable[[Actor, int], object]
) -> None:
    for ticket_id in (opened(requester_email=BEA).id, opened(requester_email=EVE).id, 10**9):
        with pytest.raises(NotAllowedError):
            verb(bea, ticket_id)


def test_a_requester_files_for_themselves(bea: Actor) -> None:
    new = TicketCreate(title="A", description="Mine.", requester_email=EVE, requester_name="Bea B.")
    filed = open_ticket(bea, new)
    assert (filed.requester_email, filed.requester_name) == (BEA, "Bea B.")
    assert ids(bea) == [filed.id]
    requests = [Request(over_rest(), new), Request(bea, new, "a-key"), Request(bea, new, "a-key")]
    theirs, mine, again = (each for each in file_all_once(requests) if isinstance(each, Filed))
    assert (theirs.ticket.requester_email, mine.ticket.requester_email) == (EVE, BEA)
    assert (again.ticket, again.replayed) == (mine.ticket, True)
    assert ids(bea) == [mine.ticket.id, filed.id]
