"""The ticket of a signed link."""

import reflex as rx

from ticket_app.components.portal.frame import portal
from ticket_app.components.portal.request import linked_ticket


def request() -> rx.Component:
    """Returns one ticket, for whoever has its link."""
    return portal(linked_ticket(), here="/request")
