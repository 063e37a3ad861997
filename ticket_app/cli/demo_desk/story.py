"""The simulation of a desk in order of time: tickets are filed, taken up, solved and reopened."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random

from ticket_app.actor import OPERATOR, Actor
from ticket_app.cli.demo_desk.content import ENGLISH, Situation, situations
from ticket_app.cli.demo_desk.people import Person, make_people
from ticket_app.cli.demo_desk.rhythm import Moment, moments
from ticket_app.cli.demo_desk.team import Team
from ticket_app.cli.demo_desk.texts import Deck, write_ticket
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.vocabulary import Category, Edge, Priority, Status, Who

HOURS_TO_TAKE_UP = {
    Priority.CRITICAL: 0.4, Priority.HIGH: 2.5, Priority.MEDIUM: 9.0, Priority.LOW: 26.0,
}  # fmt: skip
HOURS_TO_SOLVE = {
    Priority.CRITICAL: 2.5, Priority.HIGH: 8.0, Priority.MEDIUM: 26.0, Priority.LOW: 60.0,
}  # fmt: skip
"""Medians; the spread is that of a log-normal distribution."""

SPREAD = 0.9
ENGLISH_SHARE = 0.88
TITLES_APART = 150
OVER_REST = 0.25
SORTED_ANEW = 0.11
AT_A_GLANCE = 0.18
NEVER_SOLVED = 0.03
DELETED = 0.03
CLOSED = 0.7
REOPENED = 0.07
GIVEN_OUT = 0.3
"""The share of tickets that are assigned some time before anybody takes them up."""

Action = Callable[[datetime], None]


class Story:
    """Fills a desk through the services, in order of time.

    The same seed gives the same tickets, except for what depends on `now`.
    """

    def __init__(self, seed: int, now: datetime) -> None:
        self._chance = Random(seed)  # noqa: S311  # a story, not a secret
        self._now = now
        self._team = Team(seed)
        self._ahead: list[tuple[datetime, int, Action]] = []
        self._order = count()
        self._people = self._by_language(make_people(self._chance))
        self._titles: deque[str] = deque(maxlen=TITLES_APART)
        self._outage_deck = Deck(self._chance, [s for s in situations() if s.burst])
        # One entry for each situation: a language with more situations is chosen more often.
        self._other_languages = [s.language for s in situations() if s.language != ENGLISH]
        self._decks = {
            language: Deck(self._chance, [s for s in situations() if s.language == language])
            for language in self._people
        }

    def fill(self, tickets: int) -> Iterator[int]:
        """File so many tickets and change them until now; yield the number filed so far."""
        for filed, moment in enumerate(moments(self._chance, tickets, self._now), start=1):
            self._live_until(moment.at)
            self._file(moment)
            yield filed
        self._live_until(self._now)

    def _live_until(self, moment: datetime) -> None:
        while self._ahead and self._ahead[0][0] <= moment:
            at, _, action = heapq.heappop(self._ahead)
            action(at)

    def _later(self, since: datetime, hours: float, action: Action) -> None:
        heapq.heappush(self._ahead, (since + timedelta(hours=hours), next(self._order), action))

    def _file(self, moment: Moment) -> None:
        person, situation = self._cast(outage=moment.outage)
        new = write_ticket(self._chance, situation, person, moment.at)
        if new.title in self._titles:
            new = new.model_copy(update={"title": f"{new.title} ({person.company})"})
        self._titles.append(new.title)
        edge = Edge.REST if self._chance.random() < OVER_REST else Edge.BROWSER
        ticket = open_ticket(Actor(Who.COMMAND, edge, moment.at, OPERATOR), new)
        self._plan(ticket, situation.category)

    def _cast(self, *, outage: bool) -> tuple[Person, Situation]:
        own = outage or self._chance.random() < ENGLISH_SHARE
        language = ENGLISH if own else self._chance.choice(self._other_languages)
        people = self._people[language]
        person = self._chance.choices(people, weights=[p.keenness for p in people])[0]
        deck = self._outage_deck if outage else self._decks[language]
        return person, deck.draw()

    def _plan(self, ticket: TicketPublic, right: Category) -> None:
        fate = self._chance.random()
        if fate < DELETED:
            hours = self._about(3)
            self._later(ticket.created_at, hours, lambda at: _delete(ticket.id, at))
            return
        hours = self._about(HOURS_TO_TAKE_UP[ticket.priority])
        if ticket.id % 100 < 100 * GIVEN_OUT:
            self._later(ticket.created_at, hours * 0.4, lambda at: self._assign(ticket, at))
        if ticket.category != right or self._chance.random() < SORTED_ANEW:
            self._later(ticket.created_at, hours * 0.8, lambda at: self._sort(ticket, right, at))
        if fate > 1 - AT_A_GLANCE:
            self._later(ticket.created_at, hours, lambda at: self._solve(ticket, at))
        elif fate > DELETED + NEVER_SOLVED / 2:
            self._later(ticket.created_at, hours, lambda at: self._take_up(ticket, at))

    def _sort(self, ticket: TicketPublic, right: Category, at: datetime) -> None:
        """Correct the category or the priority, as a person who reads the ticket would."""
        levels = list(Priority)
        if ticket.category != right:
            self._change(ticket, at, category=right)
        else:
            step = self._chance.choice((-1, 1))
            level = levels.index(ticket.priority) + step
            self._change(ticket, at, priority=levels[max(0, min(level, len(levels) - 1))])

    def _assign(self, ticket: TicketPublic, at: datetime, **fields: Status) -> None:
        self._change(ticket, at, assignee_id=self._team.agent_for(ticket), **fields)

    def _take_up(self, ticket: TicketPublic, at: datetime) -> None:
        self._assign(ticket, at, status=Status.IN_PROGRESS)
        if self._chance.random() > NEVER_SOLVED / 2:
            hours = self._about(HOURS_TO_SOLVE[ticket.priority])
            self._later(at, hours, lambda then: self._solve(ticket, then))

    def _solve(self, ticket: TicketPublic, at: datetime) -> None:
        self._assign(ticket, at, status=Status.RESOLVED)
        fate = self._chance.random()
        if fate < REOPENED:
            self._later(at, self._about(14), lambda then: self._reopen(ticket, then))
        elif fate < REOPENED + CLOSED:
            hours = self._chance.uniform(20, 120)
            self._later(at, hours, lambda then: self._change(ticket, then, status=Status.CLOSED))

    def _reopen(self, ticket: TicketPublic, at: datetime) -> None:
        self._change(ticket, at, status=Status.OPEN)
        hours = self._about(HOURS_TO_TAKE_UP[ticket.priority] / 2)
        self._later(at, hours, lambda then: self._take_up(ticket, then))

    def _change(
        self, ticket: TicketPublic, at: datetime, **fields: Status | Priority | Category | int
    ) -> None:
        update_ticket(_in_browser(at), ticket.id, TicketUpdate.model_validate(fields))

    def _about(self, hours: float) -> float:
        return min(hours * self._chance.lognormvariate(0, SPREAD), 24 * 21)

    @staticmethod
    def _by_language(people: Sequence[Person]) -> dict[str, list[Person]]:
        languages = dict.fromkeys(person.language for person in people)
        return {lang: [p for p in people if p.language == lang] for lang in languages}


def _delete(ticket_id: int, at: datetime) -> None:
    delete_ticket(_in_browser(at), ticket_id)


def _in_browser(at: datetime) -> Actor:
    """Return the command as an actor at the edge that a person would use."""
    return Actor(Who.COMMAND, Edge.BROWSER, at, OPERATOR)
