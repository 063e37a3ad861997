"""The insights."""

import reflex as rx

from ticket_app.components.figures.answers import answers
from ticket_app.components.figures.insights import insights as charts
from ticket_app.components.figures.triage_report import triage_report
from ticket_app.components.frame import frame


def insights() -> rx.Component:
    """Returns the charts of a window of days, and the reports on answers and on the triage."""
    return frame("Insights", "/insights", rx.fragment(charts(), answers(), triage_report()))
