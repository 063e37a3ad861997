"""The agents of the demo. They cannot sign in, so that the desk stays open."""

from random import Random
from typing import NamedTuple

from ticket_app.actor import by_command
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.people import assignees
from ticket_app.services.people.accounts import rights
from ticket_app.vocabulary import Category

SPECIALISTS = {
    "Marta Vidal": Category.BILLING,
    "Jonas Ekström": Category.TECHNICAL,
    "Priya Nair": Category.TECHNICAL,
    "Samuel Okoro": Category.ACCOUNT,
    "Lena Fuchs": Category.GENERAL,
}
HELPS_OUT = 0.2
"""The share of tickets that somebody else than a specialist takes."""


class Agent(NamedTuple):
    """An agent by number. `voice` is the place of their greetings among those of the team."""

    id: int
    name: str
    voice: int
    good_at: Category


class Team:
    """The agents. One who is there from an earlier demo is the same again."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        actor = by_command()
        there = {one.name for one in assignees.assignable_people(actor)}
        for name in SPECIALISTS:
            if name not in there:
                rights.add_agent(actor, name)
        known = {one.name: one.id for one in assignees.assignable_people(actor)}
        self._agents = [
            Agent(known[name], name, voice, category)
            for voice, (name, category) in enumerate(SPECIALISTS.items())
        ]

    def agent_for(self, ticket: TicketPublic) -> Agent:
        """Return the agent who takes this ticket up, always the same."""
        chance = Random(f"{self._seed} {ticket.id}")  # noqa: S311  # a story, not a secret
        fitting = [agent for agent in self._agents if agent.good_at == ticket.category]
        anyone = chance.random() < HELPS_OUT
        return chance.choice(self._agents if anyone else fitting)

    def mate_of(self, agent: Agent, chance: Random) -> Agent:
        """Return a colleague of this agent."""
        return chance.choice([other for other in self._agents if other != agent])
