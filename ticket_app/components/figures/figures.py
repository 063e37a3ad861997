"""The strip of figures: five numbers, 30 days, and the breakdowns as thin bars."""

import reflex as rx

from ticket_app.components.badges import fixed_badge
from ticket_app.components.browser.numbers import grouped
from ticket_app.components.browser.words import words
from ticket_app.components.figures.figure import figure
from ticket_app.components.placeholders import problem
from ticket_app.state.figures.figures import Figures
from ticket_app.theme import LOOKS, field_word


def figures() -> rx.Component:
    """Returns the figures of all tickets."""
    return rx.el.section(
        rx.el.h2("Figures", class_name="unseen"),
        problem(Figures.problem, Figures.load),
        rx.el.div(
            rx.el.dl(
                figure("Open", Figures.open, Figures.loaded),
                figure("All tickets", Figures.all, Figures.loaded),
                figure("Resolved or closed", Figures.resolved, Figures.loaded),
                figure("Mean time to resolve", Figures.hours, Figures.loaded),
                figure("Mean urgency", Figures.urgency, Figures.loaded),
                figure("New a day", Figures.per_day, Figures.loaded),
                class_name="figure-row",
            ),
            _spark(),
            rx.el.button(
                words(rx.cond(Figures.shown, "Hide breakdowns", "Breakdowns")),
                type="button",
                on_click=Figures.show(~Figures.shown),
                class_name="button low toggle-figures",
                custom_attrs={"aria-expanded": Figures.shown.to_string()},
            ),
            class_name="figure-row",
        ),
        rx.el.div(
            *(_breakdown(field) for field in LOOKS),
            class_name="breakdowns",
        ),
        class_name="card figures",
        custom_attrs={"data-open": Figures.shown.to_string(), "aria-label": "Figures"},
    )


def bars(field: str, counts: rx.Var[dict[str, int]], total: rx.Var[int]) -> rx.Component:
    """Returns a labelled bar for every value of a field, as long as its share of the total."""
    return rx.el.ul(
        *(
            rx.el.li(
                fixed_badge(field, str(value)),
                rx.el.span(
                    rx.el.span(class_name="fill", style={"--n": counts[str(value)], "--of": total}),
                    class_name="track",
                ),
                words(grouped(counts[str(value)].to(int)), class_name="number"),
                class_name="bar",
                custom_attrs={f"data-{field}": str(value)},
            )
            for value in LOOKS[field]
        )
    )


def _breakdown(field: str) -> rx.Component:
    return rx.el.div(
        rx.el.h3(f"By {field_word(field).lower()}"),
        bars(field, Figures.breakdowns[field].to(dict[str, int]), Figures.total),
        class_name="breakdown",
    )


def _spark() -> rx.Component:
    return rx.el.figure(
        rx.el.figcaption("New a day (UTC), 30 days", class_name="small quiet"),
        rx.el.div(
            rx.foreach(
                Figures.days,
                lambda count: rx.el.span(style={"--n": count, "--of": Figures.busiest}),
            ),
            class_name="spark-bars",
            custom_attrs={"aria-hidden": "true"},
        ),
        class_name="spark",
    )
