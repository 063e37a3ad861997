"""News of tickets whose data a command has erased, for the pages that are open in this process."""

from ticket_app.actor import Actor
from ticket_app.bus import MISSED, Change, bus
from ticket_app.data.engine import read_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import EventKind

TOLD_AT_ONCE = 50
"""Of more tickets than these the pages read everything again."""


def last_erasing(actor: Actor) -> int:
    """Returns the event of the last erasing, from which `tell_of_erasings` goes on."""
    require(actor, Verb.OPERATE)
    with read_transaction(QUICK) as session:
        return queries.last_erasing(session)


def tell_of_erasings(actor: Actor, after: int) -> int:
    """Tells open pages of the erasings since the event `after`; returns the event of the last one.

    A command is a process of its own, and its changes come by no bus.
    """
    require(actor, Verb.OPERATE)
    with read_transaction(QUICK) as session:
        found = queries.erasings_after(session, after, limit=TOLD_AT_ONCE)
        are_many = len(found) == TOLD_AT_ONCE
        last = queries.last_erasing(session) if are_many else max([after, *(e for e, _ in found)])
    changes = [MISSED] if are_many else [Change(each, EventKind.ERASED) for _, each in found]
    for change in changes:
        bus.publish_here(change)
    return last
