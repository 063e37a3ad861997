"""The simulation of a desk in order of time: tickets are filed, and each becomes a case."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random

from ticket_app.actor import OPERATOR, Actor
from ticket_app.cli.demo_desk.cases import Case, Timetable
from ticket_app.cli.demo_desk.content import ENGLISH, Situation, situations
from ticket_app.cli.demo_desk.people import Person, make_people
from ticket_app.cli.demo_desk.rhythm import Moment, moments
from ticket_app.cli.demo_desk.talk.conversation import Conversation, Phrasebook
from ticket_app.cli.demo_desk.team import Team
from ticket_app.cli.demo_desk.texts import Deck, Letter, write_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.vocabulary import Edge, Who

ENGLISH_SHARE = 0.88
TITLES_APART = 150
TRIES = 12
"""Letters that are written until one has a new text."""
OVER_REST = 0.25


class Story:
    """Fills a desk through the services, in order of time.

    The same seed gives the same tickets, except for what depends on `now`.
    """

    def __init__(self, seed: int, now: datetime) -> None:
        self._seed = seed
        self._chance = Random(seed)  # noqa: S311  # a story, not a secret
        self._now = now
        self._team = Team(seed)
        self._book = Phrasebook(Random(seed))  # noqa: S311
        self._timetable = Timetable(now)
        self._people = self._by_language(make_people(self._chance))
        self._known: defaultdict[str, set[str]] = defaultdict(set)
        self._titles: deque[str] = deque(maxlen=TITLES_APART)
        self._texts: deque[str] = deque(maxlen=TITLES_APART)
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
            self._timetable.live_until(moment.at)
            self._file(moment)
            yield filed
        self._timetable.live_until(self._now)

    def _file(self, moment: Moment) -> None:
        person, situation = self._cast(outage=moment.outage)
        letter = self._letter(situation, person, moment)
        new = letter.ticket
        if new.title in self._titles:
            new = new.model_copy(update={"title": f"{new.title} ({person.company})"})
        self._titles.append(new.title)
        edge = Edge.REST if self._chance.random() < OVER_REST else Edge.BROWSER
        ticket = open_ticket(Actor(Who.COMMAND, edge, moment.at, OPERATOR), new)
        chance = Random(f"{self._seed} case {ticket.id}")  # noqa: S311
        said = Conversation(chance, self._book, self._team, letter, ticket.id)
        others = sorted(self._known[person.company] - {person.email})
        case = Case(chance, self._timetable, ticket, self._team.agent_for(ticket), said)
        case.plan(situation.category, colleagues=others)
        if new.requester_email:
            self._known[person.company].add(person.email)

    def _letter(self, situation: Situation, person: Person, moment: Moment) -> Letter:
        """Returns a letter with a text that nobody has sent lately, if one is found soon."""
        letter = write_ticket(self._chance, situation, person, moment.at)
        for _ in range(TRIES):
            if letter.ticket.description not in self._texts:
                break
            letter = write_ticket(self._chance, situation, person, moment.at)
        self._texts.append(letter.ticket.description)
        return letter

    def _cast(self, *, outage: bool) -> tuple[Person, Situation]:
        own = outage or self._chance.random() < ENGLISH_SHARE
        language = ENGLISH if own else self._chance.choice(self._other_languages)
        people = self._people[language]
        person = self._chance.choices(people, weights=[p.keenness for p in people])[0]
        deck = self._outage_deck if outage else self._decks[language]
        return person, deck.draw()

    @staticmethod
    def _by_language(people: Sequence[Person]) -> dict[str, list[Person]]:
        languages = dict.fromkeys(person.language for person in people)
        return {lang: [p for p in people if p.language == lang] for lang in languages}
