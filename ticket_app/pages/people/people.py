"""The people of the desk."""

import reflex as rx

from ticket_app.components.frame import frame
from ticket_app.components.people.people import people as content


def people() -> rx.Component:
    """Returns the page for administrators."""
    return frame("People", "/people", content())
