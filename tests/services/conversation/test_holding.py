"""A held message is its author's alone for some seconds, and then a message like any other."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import in_browser, over_rest
from tests.services.desk import attached, events_of, opened
from ticket_app.actor import Actor, by_command
from ticket_app.data.engine import read_transaction
from ticket_app.errors import IdempotencyKeyReusedError, NewerMessagesError
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.services.conversation import holding
from ticket_app.services.conversation.drafts.saving import own_drafts
from ticket_app.services.conversation.holding import (
    LEASE_SECONDS,
    held_messages,
    release_due,
    send_message,
    take_back,
)
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.erasing.purging import purge_tickets
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import count_tickets, get_ticket
from ticket_app.settings import get_settings
from ticket_app.vocabulary import MessageKind, Role, Status

pytestmark = pytest.mark.usefixtures("database", "attachments_folder")

NEW = MessageCreate(body="It is mended, zebra.")
BEA = "bea@example.com"


def server(seconds: float = 11.0) -> Actor:
    """Returns the server's actor, some seconds from now."""
    return replace(by_command(), at=datetime.now(UTC) + timedelta(seconds=seconds))


def said(ticket_id: int, actor: Actor | None = None) -> list[str]:
    found = list_messages(actor or over_rest(), ticket_id, MessageListQuery(limit=200))
    return [each.body for each in reversed(found)]


def test_a_held_message_is_its_authors_alone_until_it_is_due() -> None:
    agent = acting(administrator(), Role.ADMINISTRATOR)
    other = acting(account("ana@example.com", Role.AGENT), Role.AGENT)
    bea = acting(account(BEA, Role.REQUESTER), Role.REQUESTER)
    before = opened(requester_email=BEA)
    send_message(agent, before.id, NEW, "k", resolve=True)
    assert [each.body for each in held_messages(agent, before.id)] == [NEW.body]
    assert held_messages(other, before.id) == held_messages(bea, before.id) == []
    assert said(before.id, agent) == said(before.id, bea) == []
    assert count_tickets(agent, TicketFilter(search="zebra")).tickets == 0
    assert get_ticket(agent, before.id) == before
    assert len(events_of(before.id)) == 1
    early = replace(by_command(), at=agent.at + timedelta(seconds=9))
    assert release_due(early) is False
    due = server()
    assert release_due(due) is True
    assert release_due(due) is False
    assert said(before.id, agent) == said(before.id, bea) == [NEW.body]
    assert held_messages(agent, before.id) == []
    assert count_tickets(agent, TicketFilter(search="zebra")).tickets == 1
    now = get_ticket(agent, before.id)
    assert (now.status, now.first_responded_at, now.version) == (Status.RESOLVED, due.at, 2)
    replied, resolved = events_of(before.id)[1:]
    assert (replied.kind, resolved.new_value) == ("replied", "resolved")
    assert replied.actor_id == agent.identity.person_id
    send_message(agent, before.id, NEW, "k", resolve=True)  # the browser sends it again
    assert held_messages(agent, before.id) == []


def test_what_is_taken_back_never_was() -> None:
    ticket = opened()
    agent = in_browser()
    for _ in range(2):
        send_message(agent, ticket.id, NEW, "k", resolve=True)
    with pytest.raises(IdempotencyKeyReusedError):
        send_message(agent, ticket.id, NEW, "k")
    (held,) = held_messages(agent, ticket.id)
    taken = take_back(agent, held.id)
    assert taken is not None
    assert (taken.held.body, own_drafts(agent, ticket.id)) == (NEW.body, [taken.draft])
    assert take_back(agent, held.id) is None
    send_message(agent, ticket.id, NEW, "k", resolve=True)
    assert held_messages(agent, ticket.id) == []
    assert release_due(server()) is False
    assert get_ticket(agent, ticket.id) == ticket


def test_nobody_takes_back_what_another_sent() -> None:
    agent = acting(administrator(), Role.ADMINISTRATOR)
    other = acting(account("ana@example.com", Role.AGENT), Role.AGENT)
    ticket = opened()
    send_message(agent, ticket.id, NEW, "k")
    (held,) = held_messages(agent, ticket.id)
    assert take_back(other, held.id) is None
    assert len(held_messages(agent, ticket.id)) == 1


def test_a_killed_process_leaves_the_message_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, other = opened(), opened()
    send_message(in_browser(), ticket.id, NEW, "k")
    send_message(in_browser(), other.id, NEW, "k")

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(holding, "_release", die)
        with pytest.raises(RuntimeError):
            release_due(server())
    assert release_due(server()) is True  # the other one is not held up
    assert (said(ticket.id), said(other.id)) == ([], [NEW.body])
    assert release_due(server(12.0 + LEASE_SECONDS)) is True
    assert said(ticket.id) == [NEW.body]


def test_of_many_workers_one_posts_each_message() -> None:
    tickets = [opened().id for _ in range(4)]
    for ticket_id in tickets:
        for key in "abc":
            send_message(in_browser(), ticket_id, MessageCreate(body=key), key)

    def work(_: int) -> None:
        while release_due(server()):
            continue

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    while release_due(server(12.0 + LEASE_SECONDS)):
        continue
    assert [sorted(said(each)) for each in tickets] == [["a", "b", "c"]] * 4


def test_a_message_to_a_deleted_ticket_waits_and_goes_with_it() -> None:
    kept, gone = opened().id, opened().id
    for ticket_id in (kept, gone):
        send_message(in_browser(), ticket_id, NEW, "k")
        delete_ticket(over_rest(), ticket_id)
    while release_due(server()):
        continue
    restore_ticket(over_rest(), kept)
    while release_due(server(12.0 + LEASE_SECONDS)):
        continue
    assert said(kept) == [NEW.body]
    assert list(purge_tickets(server(86_400.0), 1)) == [1]
    with read_transaction() as session:
        assert session.execute(text("SELECT count(*) FROM held_message")).scalar_one() == 0


def test_a_message_stops_once_if_another_has_written_since_its_page_was_drawn() -> None:
    ana = acting(administrator(), Role.ADMINISTRATOR)
    cay = acting(account("cay@example.com", Role.AGENT), Role.AGENT)
    ticket = opened().id
    old = post_message(cay, ticket, NEW).id
    post_message(ana, ticket, NEW)  # one's own is no news
    send_message(ana, ticket, NEW, "a", seen=old)
    send_message(cay, ticket, NEW, "c")  # nobody sees it yet, so it stops nobody
    send_message(ana, ticket, NEW, "b", seen=old)
    note = post_message(cay, ticket, MessageCreate(body="Mine.", kind=MessageKind.NOTE))
    for attachments in ([], [attached(ticket, b"x", actor=ana).id]):
        new = MessageCreate(body="Late.", attachments=attachments)
        with pytest.raises(NewerMessagesError) as stopped:
            send_message(ana, ticket, new, "d", resolve=True, seen=old)
        assert [each.id for each in stopped.value.messages] == [note.id]
    assert get_ticket(ana, ticket).status == Status.OPEN
    send_message(ana, ticket, NEW, "b", seen=old)  # the browser sends a held one again
    assert len(held_messages(ana, ticket)) == 2
    send_message(ana, ticket, MessageCreate(body="Late."), "d", seen=note.id)
    assert held_messages(ana, ticket)[-1].body == "Late."


def test_a_stop_tells_a_requester_of_no_note_and_an_open_desk_is_one_agent() -> None:
    ticket = opened(requester_email=BEA).id
    post_message(over_rest(), ticket, NEW)
    send_message(in_browser(), ticket, NEW, "a", seen=0)
    ana = acting(administrator(), Role.ADMINISTRATOR)
    bea = acting(account(BEA, Role.REQUESTER), Role.REQUESTER)
    post_message(ana, ticket, MessageCreate(body="Secret.", kind=MessageKind.NOTE))
    with pytest.raises(NewerMessagesError) as stopped:
        send_message(bea, ticket, NEW, "b", seen=0)
    assert [each.body for each in stopped.value.messages] == [NEW.body]
    assert stopped.value.messages[0].author is None


def test_of_eight_who_saw_the_same_one_sends_and_seven_are_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNDO_SEND_SECONDS", "0")
    get_settings.cache_clear()
    administrator()
    team = [acting(account(f"a{n}@example.com", Role.AGENT), Role.AGENT) for n in range(8)]
    ticket = opened().id

    def send(agent: Actor) -> bool:
        try:
            send_message(agent, ticket, NEW, "k", seen=0)
        except NewerMessagesError:
            return False
        return True

    with ThreadPoolExecutor(8) as writers:
        assert sum(writers.map(send, team)) == 1
    assert said(ticket, team[0]) == [NEW.body]
