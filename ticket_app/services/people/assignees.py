"""Who may be assigned to a ticket, and the agent that an open desk has built in."""

from sqlmodel import Session

from ticket_app.actor import OPEN_DESK, Actor
from ticket_app.data.people import accounts
from ticket_app.data.people.tables import Person
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.assignees import ASSIGNEE, ME
from ticket_app.vocabulary import Role

DESK_NAME = "This desk"
"""The name of the agent who acts at an open desk. Nobody can sign in as them."""
NOT_ASSIGNABLE = "Only an active agent or administrator can be assigned. Choose another person."
NOBODY_ACTS = "No person acts here. Write the number of an agent."


def lock_assignee(session: Session, actor: Actor, wanted: int | str | None) -> int | None:
    """Returns the number of the person to be assigned; None for nobody.

    The person keeps their role and activity until the transaction ends. Call it before a ticket is
    locked: a deactivation locks the person first, and then the tickets. Raises InvalidInputError.
    """
    if wanted is None:
        return None
    person_id = _own_number(session, actor) if wanted == ME else int(wanted)
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


def _own_number(session: Session, actor: Actor) -> int | None:
    """As `own_number`, but adds the agent of an open desk."""
    known = own_number(session, actor)
    if known is not None or actor.identity != OPEN_DESK:
        return known
    fact = accounts.lock_desk(session)
    if fact.agent_id is None and fact.accounts_since is None:
        agent = Person(
            name=DESK_NAME, role=Role.AGENT, created_at=actor.at, updated_at=actor.at, active=True
        )
        session.add(agent)
        session.flush()
        fact.agent_id = agent.id
    return fact.agent_id
