"""The board."""

import reflex as rx

from ticket_app.components.board import board as columns
from ticket_app.components.frame import frame


def board() -> rx.Component:
    """A column for each status."""
    return frame("Board", "/board", columns())
