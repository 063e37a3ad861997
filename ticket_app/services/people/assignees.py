"""Who may be assigned to a ticket, who gets the tickets of someone who leaves the team, and the
agent that an open desk has built in."""

from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import OPEN_DESK, Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.people import accounts
from ticket_app.data.people.tables import Handover, Person
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.assignees import ASSIGNEE, ME
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import Role

DESK_NAME = "This desk"
"""The name of the agent who acts at an open desk. Nobody can sign in as them."""
NOT_ASSIGNABLE = "Only an active agent or administrator can be assigned. Choose another person."
NOBODY_ACTS = "No person acts here. Write the number of an agent."
KEEPS_TICKETS = "This person keeps their tickets. Leave this out."
ASSIGNABLE_MAX = 500


class Assignable(NamedTuple):
    """A person who may be assigned."""

    id: int
    name: str


def assignable_people(actor: Actor) -> list[Assignable]:
    """Returns the active agents and administrators by name, ASSIGNABLE_MAX at most."""
    require(actor, Verb.READ_PEOPLE)
    with read_transaction(QUICK) as session:
        return [Assignable(*each) for each in accounts.agents(session, limit=ASSIGNABLE_MAX)]


def lock_assignee(session: Session, actor: Actor, wanted: int | str | None) -> int | None:
    """Returns the number of the person to be assigned; None for nobody.

    The person keeps their role and activity until the transaction ends. Call it before a ticket is
    locked: a deactivation locks the person first, and then the tickets. Raises InvalidInputError.
    """
    if wanted is None:
        return None
    person_id = own_number_made(session, actor) if wanted == ME else int(wanted)
    if person_id is None:
        raise InvalidInputError([FieldProblem(ASSIGNEE, NOBODY_ACTS)])
    if not accounts.lock_agent(session, person_id):
        raise InvalidInputError([FieldProblem(ASSIGNEE, NOT_ASSIGNABLE)])
    return person_id


def own_number(session: Session, actor: Actor) -> int | None:
    """Returns the number of the person who acts; None for a part of the desk and its commands, and
    for the agent of an open desk to whom nothing was assigned yet."""
    if actor.identity != OPEN_DESK:
        return actor.identity.person_id
    return accounts.read_fact(session).agent_id


def own_number_made(session: Session, actor: Actor) -> int | None:
    """As `own_number`, but adds the agent of an open desk. Call it before a ticket is locked."""
    known = own_number(session, actor)
    if known is not None or actor.identity != OPEN_DESK:
        return known
    fact = accounts.lock_desk(session)
    if fact.agent_id is None and fact.accounts_since is None:
        fact.agent_id = new_agent(session, actor, DESK_NAME)
    return fact.agent_id


def new_agent(session: Session, actor: Actor, name: str) -> int | None:
    """Adds an agent without an address, as whom nobody can sign in; returns the person's number."""
    agent = Person(
        name=name, role=Role.AGENT, created_at=actor.at, updated_at=actor.at, active=True
    )
    session.add(agent)
    session.flush()
    return agent.id


def hand_over(
    session: Session, actor: Actor, person_id: int, *, leaves: bool, to: int | None
) -> None:
    """Says who gets the open tickets of a person who leaves the team: the agent `to`, or nobody.

    The tickets follow in transactions of their own. Raises InvalidInputError for anyone else than
    another agent, and for a person who does not leave.
    """
    if to is not None and not leaves:
        raise InvalidInputError([FieldProblem("hand_to", KEEPS_TICKETS)])
    if to is not None and (to == person_id or not accounts.lock_agent(session, to)):
        raise InvalidInputError([FieldProblem("hand_to", NOT_ASSIGNABLE)])
    if leaves:
        handover = Handover(
            person_id=person_id,
            to_id=to,
            who=actor.who,
            edge=actor.edge,
            actor_id=actor.identity.person_id,
            created_at=actor.at,
        )
        session.add(handover)


def take_back(session: Session, person_id: int) -> None:
    """Lets a person who has come back to the team keep their tickets from now on."""
    accounts.remove_handover(session, person_id)
