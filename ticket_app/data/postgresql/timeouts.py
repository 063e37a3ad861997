"""Client-side timeouts of connections to PostgreSQL."""

from math import inf
from typing import NamedTuple

from ticket_app.data import bounds


class Timeouts(NamedTuple):
    """Seconds for a statement, and for one use of a connection.

    `use` is the limit where the server does not report the state of the connection's backend.
    """

    statement: float
    use: float


QUICK = Timeouts(bounds.QUICK_SECONDS, 15.0)
LONG = Timeouts(inf, 30.0)
"""For a transaction of a few statements, each of which has the server's own statement timeout."""
ENDLESS = Timeouts(inf, inf)
