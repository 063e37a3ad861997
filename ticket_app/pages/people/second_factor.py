"""The page for someone whose role needs a second factor, before they do anything else."""

import reflex as rx

from ticket_app.components.people.second_factor import required_factor
from ticket_app.components.people.signing_in import alone


def second_factor() -> rx.Component:
    """Returns the set-up alone, and a way out."""
    return alone("Second factor", required_factor())
