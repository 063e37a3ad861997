"""The insights of a window of days."""

import reflex as rx

from ticket_app.components.browser.outbox import is_unanswered
from ticket_app.components.figures.charts import Line, by_group, by_value, over_days
from ticket_app.components.figures.figure import figure
from ticket_app.components.placeholders import problem
from ticket_app.state.figures.insights import WINDOWS, Insights, Series
from ticket_app.state.figures.triage_report import Report
from ticket_app.theme import LOOKS, field_word

CREATED = Line("created", "Created", "var(--status-open)")
RESOLVED = Line("resolved", "Resolved or closed", "var(--status-resolved)", dashed=True)
BACKLOG = Line("backlog", "Neither resolved nor closed at the end of the day", "var(--accent)")


def insights() -> rx.Component:
    """Returns the flow of tickets first, then their breakdowns."""
    return rx.el.div(
        _head(),
        problem(Insights.problem, Insights.load),
        rx.el.div(
            over_days("Tickets created, and resolved or closed, by day", CREATED, RESOLVED),
            over_days("Backlog, by day", BACKLOG, filled=True),
            by_group("Time to resolve or close", "Time", Insights.hours_to_resolve),
            by_group("Tickets created, by urgency", "Urgency", Insights.urgency),
            *(_breakdown(field) for field in LOOKS),
            class_name="charts",
        ),
        class_name="insights",
        custom_attrs={"aria-busy": (~Insights.loaded | is_unanswered(Insights.choose)).to_string()},
    )


def _breakdown(field: str) -> rx.Component:
    word = field_word(field)
    now = " now" if field == "status" else ""  # the other fields seldom change
    caption = f"Tickets created, by {word.lower()}{now}"
    return by_value(caption, word, Insights.breakdowns[field].to(Series))


def _head() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            *(
                rx.el.button(
                    f"{days} days",
                    type="button",
                    on_click=[Insights.choose(days), Report.load],
                    custom_attrs={"aria-pressed": (Insights.last_days == days).to_string()},
                )
                for days in WINDOWS
            ),
            role="group",
            class_name="window",
            custom_attrs={"aria-label": "Window"},
        ),
        rx.el.dl(
            figure("Created", Insights.created, Insights.loaded),
            figure("Resolved or closed", Insights.resolved, Insights.loaded),
            figure("Backlog now", Insights.backlog, Insights.loaded),
            figure("Mean first response", Insights.first_response, Insights.loaded),
            figure("Mean time to resolve", Insights.hours, Insights.loaded),
            class_name="figure-row",
        ),
        rx.el.p("Days are counted in UTC.", class_name="small quiet"),
        class_name="insights-head",
    )
