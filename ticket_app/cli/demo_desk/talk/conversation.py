"""The conversations of the demo: who says what on a ticket, through the services."""

from datetime import datetime
from random import Random

from ticket_app.actor import OPEN_DESK, Actor, Identity
from ticket_app.cli.demo_desk.talk.phrases import notes, phrases
from ticket_app.cli.demo_desk.team import Agent, Team
from ticket_app.cli.demo_desk.texts import Deck, Letter
from ticket_app.schemas.conversation import MessageCreate, ParticipantCreate
from ticket_app.services.conversation.participants import add_participant
from ticket_app.services.conversation.posting import post_message
from ticket_app.vocabulary import Edge, MessageKind, Role, Side, Who

SIGNED = 0.35
"""The share of an agent's later messages that end with a name, as the first one does."""
MATE = "{mate}"


class Phrasebook:
    """The phrases by language and use, and the notes by category. None comes again soon."""

    def __init__(self, chance: Random) -> None:
        self._decks: dict[tuple[str, str], Deck[str]] = {
            (language, use): Deck(chance, choices)
            for language, found in phrases().items()
            for use, choices in found
        }
        self._notes = {category: Deck(chance, found) for category, found in notes().items()}

    def phrase(self, letter: Letter, use: str) -> str:
        """Return a phrase for this use in the language of the letter."""
        return self._decks[letter.person.language, use].draw().format_map(letter.slots)

    def note(self, letter: Letter, mate: str) -> str:
        """Return a note about the letter, which may mention the colleague `mate`."""
        draft = self._notes[letter.situation.category].draw()
        return draft.replace(MATE, mate).format_map(letter.slots)


class Conversation:
    """What is said on one ticket."""

    def __init__(
        self, chance: Random, book: Phrasebook, team: Team, letter: Letter, ticket_id: int
    ) -> None:
        self._chance = chance
        self._book = book
        self._team = team
        self._letter = letter
        self._ticket_id = ticket_id
        self._greeted = False
        self._is_back = False
        self._copied: int | None = None

    @property
    def is_mild(self) -> bool:
        """True for a question or a wish, in which nothing is broken."""
        return self._letter.situation.mild

    def ask(self, agent: Agent, at: datetime) -> None:
        """The agent asks for what is missing."""
        self._reply(agent, at, self._filled(self._letter.situation.asked[0]))

    def answer(self, at: datetime) -> None:
        """The requester answers the question."""
        self._speak(at, self._filled(self._letter.situation.asked[1]))

    def hold(self, agent: Agent, at: datetime) -> None:
        """The agent says that it takes longer."""
        self._reply(agent, at, self._book.phrase(self._letter, "holding"))

    def solve(self, agent: Agent, at: datetime, *, resolve: bool) -> None:
        """The agent writes the solution; if it is the second one, what was wrong with the first."""
        own = self._filled(self._letter.situation.solved[self._letter.text])
        again = self._is_back
        text = self._book.phrase(self._letter, "returned") if again else own
        self._reply(agent, at, text, resolve=resolve)

    def close(self, agent: Agent, at: datetime) -> None:
        """The agent answers the thanks, and resolves the ticket."""
        self._reply(agent, at, self._book.phrase(self._letter, "closed"), resolve=True)

    def nudge(self, at: datetime) -> None:
        """The requester asks for news."""
        self._speak(at, self._book.phrase(self._letter, "nudges"))

    def thank(self, at: datetime) -> None:
        """The requester confirms the solution."""
        self._speak(at, self._book.phrase(self._letter, "glad" if self.is_mild else "thanks"))

    def come_back(self, at: datetime) -> None:
        """The requester writes that the solution did not hold, which opens the ticket again."""
        self._is_back = True
        self._speak(at, self._book.phrase(self._letter, "returns"))

    def note(self, agent: Agent, at: datetime) -> None:
        """The agent writes something for the team alone."""
        body = self._book.note(self._letter, self._team.mate_of(agent, self._chance).name)
        self._post(agent, at, MessageCreate(body=body, kind=MessageKind.NOTE))

    def copy(self, agent: Agent, at: datetime, address: str) -> None:
        """The agent copies a colleague of the requester on the ticket, who then says so."""
        new = ParticipantCreate(person=address)
        self._copied = add_participant(as_agent(agent, at), self._ticket_id, new).id
        who = Identity(Role.REQUESTER, self._copied)
        text = self._book.phrase(self._letter, "copied")
        actor = Actor(Who.ANYONE, Edge.BROWSER, at, who)
        post_message(actor, self._ticket_id, MessageCreate(body=text))

    def _speak(self, at: datetime, body: str) -> None:
        new = MessageCreate.model_validate({"body": body, "from": Side.REQUESTER})
        post_message(Actor(Who.ANYONE, Edge.BROWSER, at, OPEN_DESK), self._ticket_id, new)

    def _reply(self, agent: Agent, at: datetime, text: str, *, resolve: bool = False) -> None:
        voice = phrases()[self._letter.person.language]
        is_named = self._letter.ticket.requester_name is not None
        if not self._greeted and is_named:
            text = f"{self._filled(voice.hello[agent.voice])}\n\n{text}"
        if not self._greeted or self._chance.random() < SIGNED:
            text = f"{text}\n\n{voice.bye[agent.voice]}"
        self._greeted = True
        self._post(agent, at, MessageCreate(body=text), resolve=resolve)

    def _post(self, agent: Agent, at: datetime, new: MessageCreate, resolve: bool = False) -> None:
        post_message(as_agent(agent, at), self._ticket_id, new, resolve=resolve)

    def _filled(self, text: str) -> str:
        return text.format_map(self._letter.slots)


def as_agent(agent: Agent, at: datetime) -> Actor:
    """Return this agent as an actor in the browser."""
    return Actor(Who.ANYONE, Edge.BROWSER, at, Identity(Role.AGENT, agent.id))
