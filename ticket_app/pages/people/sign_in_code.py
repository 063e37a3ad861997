"""The page for the code of a second factor, after the right password."""

import reflex as rx

from ticket_app.components.people.signing_in import alone, code_form


def sign_in_code() -> rx.Component:
    """Returns a form that works without a script."""
    return alone("One more step", code_form())
