"""Any order of filing, talking, assigning, settling, deleting and restoring leaves what a model
foresees."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from harness.accounts import account, acting, administrator
from ticket_app.actor import Actor
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery, MessagePublic
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery, TicketUpdate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import get_ticket, ticket_history
from ticket_app.services.tickets.searching import search
from ticket_app.vocabulary import SETTLED, MessageKind, Role, Side, Status

TEAM, REQUESTERS = "ada", ("bea", "cay")
WORDS = st.sampled_from(("Printer", "fuser", "GRÖSSE", "re_fund"))
RUNS = count()
"""A run of the machine has words of its own: the runs before it have left their tickets."""
SHORT = settings(
    max_examples=6,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SHORT, max_examples=150, stateful_step_count=60, derandomize=False)

Done = TypeVar("Done")
Event = tuple[str, str | None, str | None]


@dataclass
class Model:
    """A ticket as it should be. An event is its kind, its field and its new value."""

    id: int
    requester: str
    texts: list[str]
    waiting_since: datetime | None
    first_responded_at: datetime | None = None
    status: Status = Status.OPEN
    assignee_id: int | None = None
    version: int = 1
    deleted: bool = False
    messages: list[MessagePublic] = field(default_factory=list)
    events: list[Event] = field(default_factory=lambda: [("created", None, None)])

    def happened(self, kind: str, value: object = None, *, of: str | None = None) -> None:
        """Adds an event of a new version."""
        self.version += 1
        self.events.append((kind, of, None if value is None else str(value)))

    def is_found(self, word: str, who: str) -> bool:
        """Returns True if this person finds the ticket by the word."""
        said = [each.body for each in self.messages if who == TEAM or each.kind == "reply"]
        is_seen = not self.deleted and who in (TEAM, self.requester)
        return is_seen and any(word.lower() in text.lower() for text in self.texts + said)


def is_theirs(event: Event) -> bool:
    """Returns True if a requester sees the event."""
    kind, of, _ = event
    return kind in ("created", "replied") or of == "status"


class Desk(RuleBasedStateMachine):
    """A closed desk with an administrator and two requesters."""

    people: ClassVar[dict[str, int]]
    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.run = f"q{next(RUNS)}z"
        self.models: list[Model] = []

    def actor(self, who: str) -> Actor:
        return acting(self.people[who], Role.ADMINISTRATOR if who == TEAM else Role.REQUESTER)

    @rule(target=tickets, who=st.sampled_from(REQUESTERS), word=WORDS)
    def file(self, who: str, word: str) -> Model:
        texts = ["A title", f"About the {word}{self.run}."]
        new = TicketCreate(title=texts[0], description=texts[1])
        ticket = open_ticket(self.actor(who), new)
        self.models.append(Model(ticket.id, who, texts, ticket.created_at))
        self.check(self.models[-1])
        return self.models[-1]

    @rule(ticket=tickets, word=WORDS)
    def answer(self, ticket: Model, word: str) -> None:
        if message := self.say(ticket, TEAM, word, MessageKind.REPLY, Side.TEAM):
            ticket.waiting_since = None
            ticket.first_responded_at = ticket.first_responded_at or message.created_at
            self.check(ticket)

    @rule(ticket=tickets, word=WORDS)
    def ask(self, ticket: Model, word: str) -> None:
        if message := self.say(ticket, ticket.requester, word, MessageKind.REPLY, Side.REQUESTER):
            ticket.waiting_since = ticket.waiting_since or message.created_at
            if ticket.status in SETTLED:
                ticket.status = Status.OPEN
                ticket.events.append(("changed", "status", Status.OPEN))
            self.check(ticket)

    @rule(ticket=tickets, word=WORDS)
    def note(self, ticket: Model, word: str) -> None:
        self.say(ticket, TEAM, word, MessageKind.NOTE, Side.TEAM)
        self.check(ticket)

    @rule(ticket=tickets, status=st.sampled_from(Status))
    def move(self, ticket: Model, status: Status) -> None:
        update = TicketUpdate(status=status)
        if self.attempt(ticket, lambda: update_ticket(self.actor(TEAM), ticket.id, update)):
            if ticket.status is not status:
                ticket.happened("changed", status, of="status")
            ticket.status = status
            ticket.waiting_since = None if status in SETTLED else ticket.waiting_since
        self.check(ticket)

    @rule(ticket=tickets, assigned=st.booleans())
    def assign(self, ticket: Model, assigned: bool) -> None:
        person = self.people[TEAM] if assigned else None
        update = TicketUpdate(assignee_id=person)
        if self.attempt(ticket, lambda: update_ticket(self.actor(TEAM), ticket.id, update)):
            if ticket.assignee_id != person:
                ticket.happened("changed", person, of="assignee_id")
            ticket.assignee_id = person
        self.check(ticket)

    @rule(ticket=tickets)
    def delete(self, ticket: Model) -> None:
        self.attempt(ticket, lambda: delete_ticket(self.actor(TEAM), ticket.id))
        if not ticket.deleted:
            ticket.happened("deleted")
        ticket.deleted = True
        self.check(ticket)

    @rule(ticket=tickets)
    def restore(self, ticket: Model) -> None:
        restore_ticket(self.actor(TEAM), ticket.id)
        if ticket.deleted:
            ticket.happened("restored")
        ticket.deleted = False
        self.check(ticket)

    @rule(who=st.sampled_from((TEAM, *REQUESTERS)), word=WORDS)
    def look_for(self, who: str, word: str) -> None:
        sought = f"{word}{self.run}"
        found = search(self.actor(who), TicketListQuery(search=sought.swapcase(), limit=200))
        expected = [each.id for each in self.models if each.is_found(sought, who)]
        assert [each.id for each in found.page.items] == expected[::-1]
        assert found.matching == (len(expected), False)

    def say(
        self, ticket: Model, who: str, word: str, kind: MessageKind, side: Side
    ) -> MessagePublic | None:
        """Posts a message with the word; returns it, or None if the ticket is deleted."""
        new = MessageCreate(body=f"Is it the {word}{self.run}?", kind=kind)
        message = self.attempt(ticket, lambda: post_message(self.actor(who), ticket.id, new))
        if message is not None:
            assert (message.kind, message.side, message.author_id) == (
                kind, side, self.people[who],
            )  # fmt: skip
            ticket.messages.append(message)
            ticket.happened("noted" if kind is MessageKind.NOTE else "replied", message.id)
        return message

    def attempt(self, ticket: Model, act: Callable[[], Done]) -> Done | None:
        """Returns what the act returns. One on a deleted ticket is refused."""
        if not ticket.deleted:
            return act()
        with pytest.raises(TicketNotFoundError):
            act()
        return None

    def check(self, ticket: Model) -> None:
        """Assert that the team and the requester see the ticket as the model has it."""
        for who in (TEAM, ticket.requester):
            actor = self.actor(who)
            if ticket.deleted:
                for read in (get_ticket, ticket_history):
                    with pytest.raises(TicketNotFoundError):
                        read(actor, ticket.id)
                continue
            seen = get_ticket(actor, ticket.id)
            for name in ("version", "status", "waiting_since", "first_responded_at"):
                assert getattr(seen, name) == getattr(ticket, name), name
            is_team = who == TEAM
            messages = list_messages(actor, ticket.id, MessageListQuery(limit=200))
            said = [each for each in ticket.messages if is_team or each.kind == "reply"]
            assert [each.body for each in reversed(messages)] == [each.body for each in said]
            history = [
                (each.kind, each.field, each.new_value) for each in ticket_history(actor, ticket.id)
            ]
            assert history[::-1] == [each for each in ticket.events if is_team or is_theirs(each)]


def run(how: settings) -> None:
    """Run the machine at a new desk."""
    people = {TEAM: administrator(f"{TEAM}@example.com")}
    people |= {each: account(f"{each}@example.com", Role.REQUESTER) for each in REQUESTERS}
    machine = type("DeskOfPeople", (Desk,), {"people": people})
    run_state_machine_as_test(machine, settings=how)


@pytest.mark.usefixtures("database")
@pytest.mark.rest_in_prove("database")
def test_a_desk_is_as_its_model() -> None:
    run(SHORT)


@pytest.mark.prove
@pytest.mark.usefixtures("database")
def test_a_desk_is_as_its_model_for_long() -> None:
    run(LONG)
