"""Drafts are their author's alone, outlive everything but sending, and no page takes another's."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import in_browser
from tests.services.desk import opened
from ticket_app.actor import Actor, Identity, by_command, over_rest
from ticket_app.data.engine import read_transaction
from ticket_app.errors import (
    InvalidInputError,
    NewerMessagesError,
    NotAllowedError,
    SignInRequiredError,
    TicketNotFoundError,
    TooManyDraftsError,
)
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation.drafts import saving
from ticket_app.services.conversation.drafts.saving import (
    Outcome,
    drafted_tickets,
    expire_drafts,
    own_drafts,
    save_draft,
)
from ticket_app.services.conversation.drafts.sending import Typed
from ticket_app.services.conversation.holding import held_messages, send_message, take_back
from ticket_app.services.conversation.own import answer_own
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.erasing.purging import purge_tickets
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import DRAFT_MAX, MESSAGE_MAX, MessageKind, Role

pytestmark = pytest.mark.usefixtures("database")

BEA, EVE = "bea@example.com", "eve@example.com"


def typed(body: str, **more: Any) -> DraftWrite:
    values = {"kind": "reply", "key": "k", "writer": "page", "revision": 0}
    return DraftWrite.model_validate(values | {"body": body} | more)


def bodies(actor: Actor, ticket_id: int) -> list[str]:
    return [each.body for each in own_drafts(actor, ticket_id)]


def agent(email: str = "ana@example.com", role: Role = Role.AGENT) -> Actor:
    return acting(account(email, role), role)


def drafts_left() -> int:
    with read_transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM draft")).scalar_one())


def test_a_draft_is_its_authors_alone() -> None:
    chief, ana, bea = (
        acting(administrator(), Role.ADMINISTRATOR),
        agent(),
        agent(BEA, Role.REQUESTER),
    )
    ticket, other = opened(requester_email=BEA), opened()
    save_draft(ana, ticket.id, typed("Dear Bea"))
    save_draft(ana, ticket.id, typed("An odd case", kind="note", key="n"))
    save_draft(bea, ticket.id, typed("Hello?"))
    assert sorted(bodies(ana, ticket.id)) == ["An odd case", "Dear Bea"]
    assert (bodies(chief, ticket.id), bodies(bea, ticket.id)) == ([], ["Hello?"])
    assert (drafted_tickets(ana), drafted_tickets(chief)) == ([ticket.id], [])
    with pytest.raises(NotAllowedError):
        save_draft(bea, ticket.id, typed("To the team", kind="note"))
    with pytest.raises(TicketNotFoundError):
        save_draft(bea, other.id, typed("x"))
    with pytest.raises(TicketNotFoundError):
        own_drafts(bea, other.id)
    holder = over_rest(Identity(None, ticket_id=ticket.id))
    assert own_drafts(holder, ticket.id) == []
    with pytest.raises(SignInRequiredError):
        save_draft(holder, ticket.id, typed("Hello?"))


def test_an_open_desk_has_the_drafts_of_its_agent() -> None:
    ticket = opened()
    assert (own_drafts(in_browser(), ticket.id), drafted_tickets(in_browser())) == ([], [])
    save_draft(in_browser(), ticket.id, typed("Dear Bea"))
    assert bodies(in_browser(), ticket.id) == ["Dear Bea"]
    assert drafted_tickets(in_browser()) == [ticket.id]
    post_message(in_browser(), ticket.id, MessageCreate(body="Dear Bea"), typed=Typed("page", 0))
    assert drafts_left() == 0


def test_a_page_that_knows_less_overwrites_nothing() -> None:
    ticket, who = opened(), in_browser()
    first = save_draft(who, ticket.id, typed("a"))
    own = save_draft(who, ticket.id, typed("ab"))  # its own save is not known to the page yet
    assert first.is_saved and own == Outcome(True, first.revision + 1)
    behind = typed("x", writer="other", revision=first.revision)
    assert save_draft(who, ticket.id, behind) == Outcome(False, own.revision)
    assert save_draft(who, ticket.id, typed("", writer="other")).is_saved is False
    assert save_draft(who, ticket.id, typed("y", revision=None)).is_saved is False
    assert bodies(who, ticket.id) == ["ab"]
    follows = save_draft(who, ticket.id, typed("abc", writer="other", revision=own.revision))
    assert follows.is_saved
    assert save_draft(who, ticket.id, typed("abd", revision=own.revision)).is_saved is False
    assert save_draft(who, ticket.id, typed("abc", revision=0)).is_saved  # it says the same
    assert save_draft(who, ticket.id, typed(" \n", revision=0)) == Outcome(True, 0)
    assert (bodies(who, ticket.id), drafted_tickets(who)) == ([], [])
    # The next draft has another revision than any before, whatever a page still knows.
    later = replace(who, at=who.at + timedelta(seconds=1))
    assert save_draft(later, ticket.id, typed("new")).revision > follows.revision


def test_of_many_pages_that_begin_at_once_one_is_first() -> None:
    ticket, who = opened(), in_browser()
    save_draft(who, opened().id, typed("so that the desk has its agent"))
    pages = [typed(f"from {name}", writer=name) for name in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda each: save_draft(who, ticket.id, each), pages))
    first = [page.body for page, outcome in zip(pages, done, strict=True) if outcome.is_saved]
    assert bodies(who, ticket.id) == first


def test_what_was_sent_is_no_draft_any_more() -> None:
    ana = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened(requester_email=BEA)
    save_draft(ana, ticket.id, typed("Hello"))
    send_message(ana, ticket.id, MessageCreate(body="Hello, all"), "k", typed=Typed("page", 0))
    assert bodies(ana, ticket.id) == []
    for late in ("Hel", "Hello, all"):  # keys that were pressed before, on a slow line
        assert save_draft(ana, ticket.id, typed(late)) == Outcome(True, 0)
    assert bodies(ana, ticket.id) == []
    save_draft(ana, ticket.id, typed("Something else"))
    (kept,) = own_drafts(ana, ticket.id)
    assert (kept.body, kept.key == "k") == ("Something else", False)
    # What another page has saved, and the sending one has not seen, stays.
    send_message(ana, ticket.id, MessageCreate(body="Mine"), "k2", typed=Typed("elsewhere", 5))
    assert bodies(ana, ticket.id) == ["Something else"]
    send_message(
        ana, ticket.id, MessageCreate(body="Mine"), "k3", typed=Typed("elsewhere", kept.revision)
    )
    assert bodies(ana, ticket.id) == []
    bea = agent(BEA, Role.REQUESTER)
    save_draft(bea, ticket.id, typed("Thanks"))
    answer_own(bea, ticket.id, MessageCreate(body="Thanks"), "k", Typed("page", 0))
    assert drafts_left() == 0


def test_a_message_that_is_not_stored_leaves_its_draft() -> None:
    ana = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened(requester_email=BEA)
    post_message(agent(BEA, Role.REQUESTER), ticket.id, MessageCreate(body="Are you there?"))
    save_draft(ana, ticket.id, typed("Hello"))
    with pytest.raises(NewerMessagesError):
        send_message(
            ana, ticket.id, MessageCreate(body="Hello"), "k", seen=0, typed=Typed("page", 0)
        )
    assert bodies(ana, ticket.id) == ["Hello"]


def test_a_message_that_is_taken_back_is_a_draft_with_a_new_key() -> None:
    ana = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened()
    send_message(ana, ticket.id, MessageCreate(body="Hello"), "k", typed=Typed("page", 0))
    (held,) = held_messages(ana, ticket.id)
    save_draft(ana, ticket.id, typed("elsewhere", key="o", writer="other"))
    since = [typed("And more", key="k2"), typed("a note", kind="note", key="n")]
    taken = take_back(ana, held.id, since)
    assert taken is not None
    draft = taken.draft
    assert (draft.body, draft.key) == ("Hello\n\nAnd more\n\nelsewhere", "k2")
    assert (own_drafts(ana, ticket.id), held_messages(ana, ticket.id)) == ([draft], [])
    send_message(ana, ticket.id, MessageCreate(body="x" * MESSAGE_MAX), "k3")
    (held,) = held_messages(ana, ticket.id)
    with pytest.raises(InvalidInputError):
        take_back(ana, held.id, [typed("y" * (DRAFT_MAX - 100))])
    assert (own_drafts(ana, ticket.id), len(held_messages(ana, ticket.id))) == ([draft], 1)


def test_one_person_has_few_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "DRAFTS_MAX", 2)
    tickets = [opened().id for _ in range(3)]
    for each in tickets[:2]:
        save_draft(in_browser(), each, typed("x"))
    with pytest.raises(TooManyDraftsError):
        save_draft(in_browser(), tickets[2], typed("x"))
    assert save_draft(in_browser(), tickets[0], typed("xy")).is_saved
    delete_ticket(by_command(), tickets[1])
    assert save_draft(in_browser(), tickets[2], typed("x")).is_saved


def test_drafts_that_nobody_changes_go_after_ninety_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "EXPIRED_AT_ONCE", 2)
    tickets, now = [opened().id for _ in range(4)], in_browser()
    later = replace(now, at=now.at + timedelta(days=89))
    for each in tickets:
        save_draft(now, each, typed("x"))
    save_draft(later, tickets[0], typed("xy"))
    assert (expire_drafts(replace(by_command(), at=later.at)), drafts_left()) == (False, 4)
    late = replace(by_command(), at=later.at + timedelta(days=2))
    assert [expire_drafts(late), expire_drafts(late)] == [True, False]
    assert drafted_tickets(now) == tickets[:1]


def test_what_was_erased_comes_back_by_no_open_page() -> None:
    ticket, who = opened(requester_email=EVE), in_browser()
    first = save_draft(who, ticket.id, typed("As you wrote"))
    list(erase_requester(by_command(), find_requester(by_command(), EVE)))
    again = typed("As you wrote, Eve", revision=first.revision)
    assert (save_draft(who, ticket.id, again), drafts_left()) == (Outcome(False, 0), 0)
    later = replace(who, at=who.at + timedelta(minutes=1))
    next_one = save_draft(later, ticket.id, typed("Another text"))
    assert save_draft(later, ticket.id, typed("", revision=next_one.revision)).is_saved
    assert save_draft(later, ticket.id, typed("Again", revision=next_one.revision)).is_saved


def test_drafts_go_with_their_ticket_and_with_what_they_may_quote() -> None:
    kept, purged, of_eve = opened(), opened(), opened(requester_email=EVE)
    for each in (kept, purged, of_eve):
        for kind in MessageKind:
            save_draft(in_browser(), each.id, typed("As you wrote", kind=kind, key=kind))
    list(erase_requester(by_command(), find_requester(by_command(), EVE)))
    delete_ticket(by_command(), purged.id)
    later = replace(by_command(), at=by_command().at + timedelta(days=40))
    assert sum(purge_tickets(later, 30)) == 1
    assert (drafted_tickets(in_browser()), drafts_left()) == ([kept.id], 2)


def test_the_drafts_of_a_requester_go_with_the_person() -> None:
    ticket = opened(requester_email=EVE)
    eve = over_rest(Identity(Role.REQUESTER, person_id=1))
    save_draft(eve, ticket.id, typed("My password is"))
    assert drafts_left() == 1
    list(erase_requester(by_command(), find_requester(by_command(), EVE)))
    assert drafts_left() == 0
