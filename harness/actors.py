"""Actors of a desk without accounts, where everyone has an agent's powers."""

from ticket_app import actor
from ticket_app.actor import OPEN_DESK, Actor


def in_browser() -> Actor:
    """Returns the actor of an event of a page."""
    return actor.in_browser(OPEN_DESK)


def over_rest() -> Actor:
    """Returns the actor of a REST request."""
    return actor.over_rest(OPEN_DESK)
