"""The page where the holder of a link sets a password."""

import reflex as rx

from ticket_app.components.people.signing_in import alone, welcome_form


def welcome() -> rx.Component:
    """Returns the form for a new password."""
    return alone("Choose a password", welcome_form())
