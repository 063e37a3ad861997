"""The section of the insights that says how far the triage can be trusted."""

from typing import Any

import reflex as rx

from ticket_app.components.states import problem
from ticket_app.state.triage_report import CallRow, Report, ShareRow


def triage_report() -> rx.Component:
    """The provider's state in one strip, then people's and engines' word on each other."""
    return rx.el.section(
        rx.el.h2("How far the triage can be trusted"),
        problem(Report.problem, Report.load),
        rx.el.dl(
            _figure("Asked", Report.engine),
            _figure("State", Report.health),
            _figure("Tickets that await its answer", Report.waiting),
            _figure("Cost of a ticket", Report.per_ticket),
            _figure("Spent today, UTC", Report.spent),
            class_name="figure-row words",
        ),
        rx.el.div(
            _shares(
                "Proposals that people changed",
                Report.overruled,
                "Nobody has judged a proposal yet. Who sets a category or priority, or works on a "
                "ticket and leaves them, does.",
            ),
            _shares(
                "Proposals of the provider that are also the desk's own",
                Report.agreeing,
                "No ticket of this window has a provider's answer beside the desk's own.",
            ),
            _calls(),
            class_name="charts",
        ),
        class_name="report",
        custom_attrs={"aria-busy": (~Report.loaded).to_string()},
    )


def _figure(name: str, value: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(name), rx.el.dd(rx.cond(Report.loaded, value, "–")), class_name="figure"
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
            rx.el.td(row.n),
        ),
        "half",
    )


def _interval(row: rx.Var[ShareRow]) -> rx.Component:
    """The interval on a track of 0 to 100%, with a mark at the share itself."""
    return rx.el.span(
        rx.el.span(class_name="span", style={"--low": row.low, "--high": row.high}),
        rx.el.span(class_name="mark", style={"--at": row.rate}),
        class_name="interval",
        custom_attrs={"aria-hidden": "true"},
    )


def _calls() -> rx.Component:
    return _card(
        "Calls to providers",
        Report.calls,
        "No provider was asked in this window.",
        ("Provider", "Model and prompt", "Calls", "Answered", "Median", "95 of 100 within", "Cost"),
        _call,
        "wide",
        rx.cond(Report.failures, rx.el.p("Not answered: ", Report.failures, class_name="small")),
    )


def _call(row: rx.Var[CallRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.engine, scope="row"),
        rx.el.td(row.model, class_name="words"),
        *(rx.el.td(value) for value in (row.calls, row.answered, row.p50, row.p95, row.cost)),
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
            rx.el.p(rx.cond(Report.loaded, nothing, "…"), class_name="quiet"),
        ),
        *below,
        class_name=f"card chart {width}",
    )
