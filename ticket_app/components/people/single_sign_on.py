"""The way to a provider, for the page on which one signs in."""

import reflex as rx

from ticket_app.components.browser.words import words
from ticket_app.components.frame import PlainLink
from ticket_app.state.people.single_sign_on import SingleSignOn


def single_sign_on() -> rx.Component:
    """Returns a link to the provider; nothing without one. The browser follows it by itself: a link
    of the router would look for a page of the desk."""
    return rx.cond(
        SingleSignOn.name,
        PlainLink.create(
            rx.el.span("Sign in with "),
            words(SingleSignOn.name, dir="auto"),
            href=SingleSignOn.address,
            class_name="button",
        ),
    )
