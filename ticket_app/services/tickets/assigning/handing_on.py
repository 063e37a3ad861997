"""Hands on the open tickets of people who have left the team.

Whoever is deactivated, or becomes a requester, gets a row of `handover` in that transaction: it
says who gets the tickets. They follow in batches, each a transaction of its own. A process that is
killed leaves whole batches, and the server goes on with the others. The row stays, so that a ticket
of theirs that is opened again or restored later goes the same way.
"""

from ticket_app.actor import Actor, Identity
from ticket_app.bus import Change, bus
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts
from ticket_app.data.people.tables import Handover
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.schemas.assignees import ASSIGNEE
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.tickets.recording import id_of, moment_of_change, record_changes
from ticket_app.vocabulary import Edge, EventKind, Who

AT_ONCE = 500
"""Tickets in one transaction."""
TOLD_MAX = 50
"""Of more tickets than these the pages read everything again."""


def hand_on(actor: Actor) -> int:
    """Hands on up to AT_ONCE open tickets of one person who has left; returns their number.

    It is 0 once nobody who has left has an open ticket. The history names who let the person go.
    """
    require(actor, Verb.OPERATE)
    with read_transaction(QUICK) as session:
        person_id = queries.leaver_with_tickets(session)
    return 0 if person_id is None else len(_hand_on_some(actor, person_id))


def _hand_on_some(actor: Actor, person_id: int) -> list[int]:
    with write_transaction() as session:
        handover = accounts.lock_handover(session, person_id)
        if handover is None:
            return []  # they have come back meanwhile
        to_id = handover.to_id
        if to_id is not None and not accounts.lock_agent(session, to_id):
            to_id = None
        decided = _decided_by(handover, actor)
        tickets = queries.lock_unsettled_of(session, person_id, limit=AT_ONCE)
        for ticket in tickets:
            now = moment_of_change(ticket, decided)
            record_changes(session, ticket, {ASSIGNEE: to_id}, decided, now)
        done = [id_of(ticket) for ticket in tickets]
    changes = [Change(each, EventKind.CHANGED, frozenset({ASSIGNEE})) for each in done]
    for change in changes if len(changes) <= TOLD_MAX else [Change(None, None)]:
        bus.publish(change)
    return done


def _decided_by(handover: Handover, actor: Actor) -> Actor:
    """Returns who let the person go, acting now."""
    identity = Identity(None, handover.actor_id)
    return Actor(Who(handover.who), Edge(handover.edge), actor.at, identity)
