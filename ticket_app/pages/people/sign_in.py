"""The page for signing in."""

import reflex as rx

from ticket_app.components.people.signing_in import alone, sign_in_form


def sign_in() -> rx.Component:
    """Returns a form that works without a script."""
    return alone("Sign in", sign_in_form())
