"""The board."""

import reflex as rx

from ticket_app.components.frame import frame
from ticket_app.components.tickets.board import board as columns


def board() -> rx.Component:
    """Returns the page with a column for each status."""
    return frame("Board", "/board", columns())
