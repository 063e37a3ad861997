"""The section of the insights on the reliability of the triage."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.numbers import grouped
from ticket_app.components.browser.outbox import is_unanswered
from ticket_app.components.browser.words import words
from ticket_app.components.figures.figure import figure
from ticket_app.components.placeholders import problem
from ticket_app.state.figures.triage_report import CallRow, DraftRow, LessonRow, Report, ShareRow


def triage_report() -> rx.Component:
    """Returns the provider's state in one strip, then overrides, agreement, calls and lessons."""
    return rx.el.section(
        rx.el.h2("How reliable the triage is"),
        problem(Report.problem, Report.load),
        rx.el.dl(
            figure("Provider", Report.engine, Report.loaded),
            figure("State", Report.health, Report.loaded),
            figure("Tickets awaiting its answer", Report.waiting, Report.loaded),
            figure("Cost per ticket", Report.per_ticket, Report.loaded),
            figure("Spent today, UTC", Report.spent, Report.loaded),
            class_name="figure-row words",
        ),
        rx.el.div(
            _shares(
                "Suggestions that people changed",
                Report.overruled,
                "Nobody has confirmed or changed a suggestion yet. Setting a category or priority "
                "counts, and so does working on a ticket without changing them.",
            ),
            _shares(
                "Where the provider and the desk's own engine agree",
                Report.agreeing,
                "No ticket of this window has a provider's answer beside the desk's own.",
            ),
            _drafts(),
            _calls(),
            _lessons(),
            class_name="charts",
        ),
        class_name="report",
        custom_attrs={"aria-busy": (~Report.loaded | is_unanswered(Report.load)).to_string()},
    )


def _shares(title: str, rows: rx.Var[list[ShareRow]], nothing: str) -> rx.Component:
    return _card(
        title,
        rows,
        nothing,
        ("Field", "Engine", "Share", "95% interval", "Tickets"),
        lambda row: rx.el.tr(
            rx.el.th(row.field, scope="row"),
            rx.el.td(row.engine, class_name="words"),
            rx.el.td(row.share),
            rx.el.td(_interval(row), rx.el.span(row.interval), class_name="with-bar"),
            rx.el.td(grouped(row.n)),
        ),
        "half",
    )


def _interval(row: rx.Var[ShareRow]) -> rx.Component:
    """Returns the interval on a track of 0 to 100%, with a mark at the share itself."""
    return rx.el.span(
        rx.el.span(class_name="span", style={"--low": row.low, "--high": row.high}),
        rx.el.span(class_name="mark", style={"--at": row.rate}),
        class_name="interval",
        custom_attrs={"aria-hidden": "true"},
    )


def _drafts() -> rx.Component:
    return _card(
        "Replies that a provider drafted",
        Report.drafts,
        "No reply was drafted in this window.",
        (
            *("Provider", "Model and prompt", "Drafted", "Sent as it was", "Edited"),
            *("Words changed", "Thrown away"),
        ),
        _draft,
        "wide",
    )


def _draft(row: rx.Var[DraftRow]) -> rx.Component:
    return _row(
        row.engine,
        row.model,
        row.drafted,
        row.as_it_was,
        row.edited,
        row.changed,
        row.thrown_away,
    )


def _calls() -> rx.Component:
    return _card(
        "Calls to providers",
        Report.calls,
        "No provider was asked in this window.",
        ("Provider", "Model and prompt", "Calls", "Answered", "Median", "95 of 100 within", "Cost"),
        _call,
        "wide",
        rx.cond(
            Report.failures, rx.el.p(words(f"Not answered: {Report.failures}"), class_name="small")
        ),
    )


def _call(row: rx.Var[CallRow]) -> rx.Component:
    return _row(row.engine, row.model, row.calls, row.answered, row.p50, row.p95, row.cost)


def _lessons() -> rx.Component:
    return _card(
        "Learned from what people decided here",
        Report.lessons,
        "Nothing yet: a field is learned once 200 tickets carry a person's decision.",
        ("Field", "Outcome", "Decided", "Compared on", "Rules right", "Learned right", "By chance"),
        _lesson,
        "wide",
    )


def _lesson(row: rx.Var[LessonRow]) -> rx.Component:
    return _row(
        row.field, row.outcome, row.decided, row.held_out, row.rules, row.learned, row.chance
    )


def _row(head: rx.Var[str], words: rx.Var[str], *figures: rx.Var[Any]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(head, scope="row"),
        rx.el.td(words, class_name="words"),
        *(rx.el.td(figure) for figure in figures),
    )


def _card(  # noqa: PLR0917
    title: str,
    rows: Any,
    nothing: str,
    heads: tuple[str, ...],
    draw: Any,
    width: str,
    *below: rx.Component,
) -> rx.Component:
    return rx.el.div(
        rx.el.h3(title),
        rx.cond(
            rows.length() > 0,
            rx.el.div(
                rx.el.table(
                    rx.el.thead(rx.el.tr(*(rx.el.th(head, scope="col") for head in heads))),
                    rx.el.tbody(rx.foreach(rows, draw)),
                ),
                class_name="table-wide",
                custom_attrs={"tabIndex": "0", "role": "region", "aria-label": title},
            ),
            rx.el.p(words(rx.cond(Report.loaded, nothing, "…")), class_name="quiet"),
        ),
        *below,
        class_name=f"card chart {width}",
    )
