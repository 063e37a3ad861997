"""How long the desk waits at its own side of a connection to PostgreSQL."""

from math import inf
from typing import NamedTuple

from ticket_app.data import bounds


class Patience(NamedTuple):
    """Seconds that a statement may take, and that a connection may be in use: what bounds it where
    the server does not say how its process stands."""

    statement: float
    use: float


QUICK = Patience(bounds.QUICK_SECONDS, 15.0)
LONG = Patience(inf, 30.0)
"""A transaction of a few statements, each of which has the time that the server gives it."""
ENDLESS = Patience(inf, inf)
