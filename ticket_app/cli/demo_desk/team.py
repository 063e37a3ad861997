"""The agents of the demo. They cannot sign in, so that the desk stays open."""

from random import Random

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


class Team:
    """The agents by their numbers. One who is there from an earlier demo is the same again."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        actor = by_command()
        there = {one.name for one in assignees.assignable_people(actor)}
        for name in SPECIALISTS:
            if name not in there:
                rights.add_agent(actor, name)
        known = {one.name: one.id for one in assignees.assignable_people(actor)}
        self._agents = {known[name]: category for name, category in SPECIALISTS.items()}

    def agent_for(self, ticket: TicketPublic) -> int:
        """Return the number of the agent who takes this ticket up, always the same."""
        chance = Random(f"{self._seed} {ticket.id}")  # noqa: S311  # a story, not a secret
        fitting = [agent for agent, good_at in self._agents.items() if good_at == ticket.category]
        anyone = chance.random() < HELPS_OUT
        return chance.choice(list(self._agents) if anyone else fitting)
