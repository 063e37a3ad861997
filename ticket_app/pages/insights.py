"""The insights."""

import reflex as rx

from ticket_app.components.frame import frame
from ticket_app.components.insights import insights as charts
from ticket_app.components.triage_report import triage_report


def insights() -> rx.Component:
    """How the desk does, over a window of days."""
    return frame("Insights", "/insights", rx.fragment(charts(), triage_report()))
