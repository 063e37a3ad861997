"""What one was told of."""

import reflex as rx

from ticket_app.components.frame import frame
from ticket_app.components.notifications.notifications import notifications as content
from ticket_app.state.notifications.notifications import ROUTE


def notifications() -> rx.Component:
    """Returns the page for the team."""
    return frame("Notifications", ROUTE, content())
