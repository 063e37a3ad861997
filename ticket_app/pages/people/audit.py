"""What people did to accounts and to whole tickets."""

import reflex as rx

from ticket_app.components.frame import frame
from ticket_app.components.people.audit import audit as content


def audit() -> rx.Component:
    """Returns the page for administrators."""
    return frame("Audit", "/audit", content())
