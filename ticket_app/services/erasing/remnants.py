"""The log of writes, in which SQLite keeps erased texts for a while."""

from ticket_app.actor import Actor
from ticket_app.data.erasing import remnants
from ticket_app.services.people.permission import Verb, require


def empty_log(actor: Actor) -> bool:
    """Empties the log. Returns False if another process reads it, so that it could not be emptied.

    On PostgreSQL there is nothing to do: the server keeps its log as long as it is told to.
    """
    require(actor, Verb.OPERATE)
    return remnants.empty_log()
