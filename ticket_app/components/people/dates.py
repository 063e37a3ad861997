"""The choice of the language of dates."""

import reflex as rx

from ticket_app.components.browser.times import at_minute
from ticket_app.state.dates import Dates
from ticket_app.theme import DATE_LANGUAGES

CHOICE, SAMPLE = "date-language", "2026-12-31T18:05:00+00:00"


def dates_choice() -> rx.Component:
    """Returns the select, and a date as it is written now. The browser keeps the choice."""
    return rx.el.div(
        rx.el.label("Dates", html_for=CHOICE),
        rx.el.select(
            *(rx.el.option(each.word, value=name) for name, each in DATE_LANGUAGES.items()),
            id=CHOICE,
            value=Dates.language,
            on_change=Dates.choose,
            custom_attrs={"aria-describedby": f"{CHOICE}-sample"},
        ),
        rx.el.p(at_minute(rx.Var.create(SAMPLE)), id=f"{CHOICE}-sample", class_name="quiet small"),
        class_name="field",
    )
