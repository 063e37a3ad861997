"""Who else has the ticket open, in a line that keeps its place."""

import reflex as rx

from ticket_app.components.browser.words import words
from ticket_app.state.conversation.company import Company
from ticket_app.state.conversation.conversation import Conversation

TYPING_MS = 1_500
"""Milliseconds between two reports of keys. The server waits more than twice as long."""


def company() -> rx.Component:
    """Returns the line. It is there without anybody, too, so that nothing moves."""
    is_here = Company.ticket_id == Conversation.ticket.id
    return rx.el.p(
        words(rx.cond(is_here, Company.here, "")),
        words(rx.cond(is_here, Company.writing, ""), role="status"),
        class_name="company",
    )
