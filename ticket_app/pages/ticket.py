"""The page of one ticket."""

import reflex as rx

from ticket_app.components.conversation.ticket import ticket as one_ticket
from ticket_app.components.frame import frame
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.tickets.address import ROUTE


def ticket() -> rx.Component:
    """Returns the ticket that the address names, with its conversation."""
    return frame(Conversation.heading, ROUTE, one_ticket())
