"""The section of the insights on how soon people are answered, and by whom."""

import reflex as rx

from ticket_app.components.browser.numbers import grouped
from ticket_app.components.figures.figure import figure
from ticket_app.components.placeholders import problem
from ticket_app.state.figures.answers import Answers, AssigneeRow

BY_ASSIGNEE = "Neither resolved nor closed, by assignee"


def answers() -> rx.Component:
    """Returns the figures on first responses, then the tickets of each assignee."""
    return rx.el.section(
        rx.el.h2("How soon people are answered"),
        problem(Answers.problem, Answers.load),
        rx.el.dl(
            figure("Waiting for an answer", Answers.waiting, Answers.loaded),
            figure("Answered", Answers.answered, Answers.loaded),
            figure("Median first response", Answers.first_response, Answers.loaded),
            figure("Median time to resolve", Answers.resolution, Answers.loaded),
            class_name="figure-row",
        ),
        rx.el.p("Of all tickets, whichever days are chosen above.", class_name="small quiet"),
        rx.el.div(_assignees(), class_name="charts"),
        class_name="report",
        custom_attrs={"aria-busy": (~Answers.loaded).to_string()},
    )


def _assignees() -> rx.Component:
    return rx.el.div(
        rx.el.h3(BY_ASSIGNEE),
        rx.el.div(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        *(
                            rx.el.th(head, scope="col")
                            for head in ("Assignee", "Tickets", "Waiting for an answer")
                        )
                    )
                ),
                rx.el.tbody(rx.foreach(Answers.assignees, _row)),
            ),
            class_name="table-scroll tall",
            custom_attrs={"tabIndex": "0", "role": "region", "aria-label": BY_ASSIGNEE},
        ),
        class_name="card chart half",
    )


def _row(row: rx.Var[AssigneeRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(rx.el.a(row.name, href=row.address, dir="auto"), scope="row"),
        rx.el.td(grouped(row.tickets)),
        rx.el.td(grouped(row.waiting)),
    )
