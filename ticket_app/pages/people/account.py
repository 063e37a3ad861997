"""One's own account."""

import reflex as rx

from ticket_app.components.people.account import account as cards
from ticket_app.components.portal.frame import portal


def account() -> rx.Component:
    """Returns the name, the password and the sessions of the person who has signed in."""
    return portal(cards(), here="/account")
