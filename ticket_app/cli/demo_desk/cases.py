"""The life of one ticket of the demo: taken up, asked about, solved, and sometimes back again."""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random

from ticket_app.actor import OPERATOR, Actor
from ticket_app.cli.demo_desk.rhythm import in_office_hours
from ticket_app.cli.demo_desk.talk.conversation import Conversation, as_agent
from ticket_app.cli.demo_desk.team import Agent
from ticket_app.schemas.tickets import TicketPublic, TicketUpdate
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import Category, Edge, Priority, Status, Who

HOURS_TO_TAKE_UP = {
    Priority.CRITICAL: 0.4, Priority.HIGH: 2.5, Priority.MEDIUM: 4.0, Priority.LOW: 11.0,
}  # fmt: skip
HOURS_TO_SOLVE = {
    Priority.CRITICAL: 2.5, Priority.HIGH: 8.0, Priority.MEDIUM: 22.0, Priority.LOW: 50.0,
}  # fmt: skip
"""Medians; the spread is that of a log-normal distribution."""

HOURS_TO_ANSWER = 3.0
HOURS_TO_THANK = 5.0
HOURS_UNTIL_BACK = 14.0
HOURS_MAX = 24 * 21.0
SPREAD = 0.9

DELETED = 0.03
NEVER_SOLVED = 0.03
AT_A_GLANCE = 0.18
SORTED_ANEW = 0.11
GIVEN_OUT = 0.3
"""The share of tickets that are assigned some time before anybody takes them up."""
ASKED, HELD = 0.5, 0.15
ANSWERED = 0.88
NOTED = 0.22
COPIED = 0.06
NUDGED = 0.3
PATIENCE = 30.0
"""Hours after which some requesters ask for news."""
WORDLESS = 0.06
"""The share of tickets that are resolved without a word, such as duplicates."""
REOPENED, THANKED, CLOSED = 0.07, 0.36, 0.45
CLOSED_WITH_WORDS = 0.4

Action = Callable[[datetime], None]


class Timetable:
    """What is still to happen, in order of time."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._ahead: list[tuple[datetime, int, Action]] = []
        self._order = count()

    def live_until(self, moment: datetime) -> None:
        """Let everything happen that is due by this moment."""
        while self._ahead and self._ahead[0][0] <= moment:
            at, _, action = heapq.heappop(self._ahead)
            action(at)

    def add(self, at: datetime, action: Action) -> None:
        """Let this happen at this time, unless it is after the end of the story."""
        if at <= self._now:
            heapq.heappush(self._ahead, (at, next(self._order), action))


class Case:
    """A ticket, the agent who cares for it, and what is said about it."""

    def __init__(
        self,
        chance: Random,
        timetable: Timetable,
        ticket: TicketPublic,
        agent: Agent,
        said: Conversation,
    ) -> None:
        self._chance = chance
        self._timetable = timetable
        self._ticket = ticket
        self._agent = agent
        self._said = said
        self._is_assigned = False

    def plan(self, right: Category, colleagues: Sequence[str]) -> None:
        """Decide what comes of the ticket. `right` is the category that a reader would choose, and
        `colleagues` are addresses of people who may be copied."""
        filed, fate = self._ticket.created_at, self._chance.random()
        if fate < DELETED:
            self._by_team(filed, self._about(3), self._delete)
            return
        hours = self._about(HOURS_TO_TAKE_UP[self._ticket.priority])
        if self._ticket.category != right or self._chance.random() < SORTED_ANEW:
            self._by_team(filed, hours * 0.8, lambda at: self._sort(right, at))
        if self._chance.random() < GIVEN_OUT:
            self._by_team(filed, hours * 0.4, self._assign)
        if self._is_pressing(hours):
            self._timetable.add(filed + timedelta(hours=hours * 0.7), self._said.nudge)
        if colleagues and self._chance.random() < COPIED:
            address = self._chance.choice(colleagues)
            self._by_team(filed, hours * 0.9, lambda at: self._said.copy(self._agent, at, address))
        if fate > 1 - AT_A_GLANCE:
            self._by_team(filed, hours, self._solve)
        elif fate > DELETED + NEVER_SOLVED / 2:
            self._by_team(filed, hours, self._take_up)

    def _take_up(self, at: datetime) -> None:
        self._assign(at, status=Status.IN_PROGRESS)
        hours, step = self._about(HOURS_TO_SOLVE[self._ticket.priority]), self._chance.random()
        if step < ASKED:
            self._by_team(at, self._minutes(2, 12), lambda then: self._ask(then, hours))
            return
        if step < ASKED + HELD and not self._said.is_mild:
            asked = self._minutes(5, 40)
            self._by_team(at, asked, lambda then: self._said.hold(self._agent, then))
        self._go_on(at, hours)

    def _ask(self, at: datetime, hours: float) -> None:
        self._said.ask(self._agent, at)
        if self._chance.random() > ANSWERED:
            # Nobody answers. In the end it is resolved all the same.
            self._by_team(at, HOURS_MAX / 2, lambda then: self._assign(then, Status.RESOLVED))
            return
        answered = at + timedelta(hours=self._about(HOURS_TO_ANSWER))
        self._timetable.add(answered, self._said.answer)
        self._go_on(answered, hours)

    def _go_on(self, at: datetime, hours: float) -> None:
        """Plan the solution so many hours from now, and what may happen until then."""
        if self._chance.random() < NOTED:
            self._by_team(at, hours * 0.4, lambda then: self._said.note(self._agent, then))
        if self._is_pressing(hours):
            nudged = at + timedelta(hours=hours * 0.6)
            self._timetable.add(nudged, self._said.nudge)
        if self._chance.random() > NEVER_SOLVED / 2:
            self._by_team(at, hours, self._solve)

    def _solve(self, at: datetime) -> None:
        if not self._is_assigned:
            self._assign(at)
        fate = self._chance.random()
        if fate < WORDLESS:
            self._assign(at, Status.RESOLVED)
            return
        is_sure = fate >= WORDLESS + REOPENED + THANKED
        comes_back = fate < WORDLESS + REOPENED and not self._said.is_mild
        self._said.solve(self._agent, at, resolve=is_sure or comes_back)
        if comes_back:
            back = at + timedelta(hours=self._about(HOURS_UNTIL_BACK))
            self._timetable.add(back, self._come_back)
        elif is_sure:
            if self._chance.random() < CLOSED / (1 - WORDLESS - REOPENED - THANKED):
                self._by_team(at, self._chance.uniform(20, 120), self._close)
        else:
            thanked = at + timedelta(hours=self._about(HOURS_TO_THANK))
            self._timetable.add(thanked, self._said.thank)
            self._by_team(thanked, self._minutes(5, 200), self._end)

    def _end(self, at: datetime) -> None:
        """Resolve the ticket after its requester has confirmed the solution."""
        if self._chance.random() < CLOSED_WITH_WORDS:
            self._said.close(self._agent, at)
        else:
            self._assign(at, Status.CLOSED)

    def _come_back(self, at: datetime) -> None:
        self._said.come_back(at)
        hours = self._about(HOURS_TO_TAKE_UP[self._ticket.priority] / 2)
        self._by_team(at, hours, self._take_up_again)

    def _take_up_again(self, at: datetime) -> None:
        self._assign(at, Status.IN_PROGRESS)
        self._by_team(at, self._about(HOURS_TO_SOLVE[self._ticket.priority]), self._solve)

    def _close(self, at: datetime) -> None:
        self._assign(at, Status.CLOSED)

    def _sort(self, right: Category, at: datetime) -> None:
        """Correct the category or the priority, as a person who reads the ticket would."""
        levels = list(Priority)
        if self._ticket.category != right:
            self._change(at, category=right)
        else:
            step = self._chance.choice((-1, 1))
            level = levels.index(self._ticket.priority) + step
            self._change(at, priority=levels[max(0, min(level, len(levels) - 1))])

    def _assign(self, at: datetime, status: Status | None = None) -> None:
        """Give the ticket to its agent, and set the status if one is given."""
        fields: dict[str, Status | int] = {} if status is None else {"status": status}
        if not self._is_assigned:
            fields["assignee_id"] = self._agent.id
        self._is_assigned = True
        if fields:
            self._change(at, **fields)

    def _change(self, at: datetime, **fields: Status | Priority | Category | int) -> None:
        update = TicketUpdate.model_validate(fields)
        update_ticket(as_agent(self._agent, at), self._ticket.id, update)

    def _delete(self, at: datetime) -> None:
        delete_ticket(Actor(Who.COMMAND, Edge.BROWSER, at, OPERATOR), self._ticket.id)

    def _by_team(self, since: datetime, hours: float, action: Action) -> None:
        """Let the team do this so many hours later, in office hours unless the ticket is
        critical."""
        at = since + timedelta(hours=hours)
        is_urgent = self._ticket.priority is Priority.CRITICAL
        self._timetable.add(at if is_urgent else in_office_hours(self._chance, at), action)

    def _is_pressing(self, hours: float) -> bool:
        """Return True if the requester asks for news before so many hours are over."""
        patient = self._said.is_mild or hours < PATIENCE
        return not patient and self._chance.random() < NUDGED

    def _about(self, hours: float) -> float:
        return min(hours * self._chance.lognormvariate(0, SPREAD), HOURS_MAX)

    def _minutes(self, least: float, most: float) -> float:
        """Return some minutes, in hours."""
        return self._chance.uniform(least, most) / 60
