"""A held message is its author's alone for some seconds, and then a message like any other."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import in_browser, over_rest
from tests.services.desk import events_of, opened
from ticket_app.actor import Actor, by_command
from ticket_app.data.engine import read_transaction
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.services.conversation import holding
from ticket_app.services.conversation.holding import (
    LEASE_SECONDS,
    held_messages,
    release_due,
    send_message,
    take_back,
)
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.erasing.purging import purge_tickets
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import count_tickets, get_ticket
from ticket_app.vocabulary import Role, Status

pytestmark = pytest.mark.usefixtures("database")

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
    assert (taken.body, taken.resolves) == (NEW.body, True)
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
