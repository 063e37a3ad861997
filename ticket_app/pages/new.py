"""The form for everyone."""

import reflex as rx

from ticket_app.components.portal.frame import portal
from ticket_app.components.portal.new import new as form
from ticket_app.state.portal.receipt import PAGE


def new() -> rx.Component:
    """Returns the page by which requesters write to the desk."""
    return portal(form(), here=PAGE)
