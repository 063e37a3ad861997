"""One's own tickets."""

import reflex as rx

from ticket_app.components.portal.frame import portal
from ticket_app.components.portal.own_tickets import LIST, own_tickets


def my() -> rx.Component:
    """Returns the tickets of the person who has signed in, or one of them."""
    return portal(own_tickets(), here=LIST)
