"""Fields of forms about people: an input with its label, and the search for a person."""

from typing import Any

import reflex as rx

from ticket_app.components.frame import SEARCH_DEBOUNCE_MS, icon
from ticket_app.vocabulary import SEARCH_MAX


def field(field_id: str, word: str, *below: rx.Component, **props: Any) -> rx.Component:
    """Returns an input with its label. Its name is the id unless `name` gives another."""
    return rx.el.div(
        rx.el.label(word, html_for=field_id),
        rx.el.input(**({"id": field_id, "name": field_id, "class_name": "input"} | props)),
        *below,
        class_name="field",
    )


def person_search(
    element_id: str, placeholder: str, *, label: str, of: str, on_change: Any, on_submit: Any
) -> rx.Component:
    """Returns the form that seeks people while one types. `of` names what it searches."""
    return rx.el.form(
        icon("search", 18),
        rx.el.input(
            id=element_id,
            name="person",
            type="search",
            placeholder=placeholder,
            on_change=on_change.debounce(SEARCH_DEBOUNCE_MS),
            max_length=SEARCH_MAX,
            dir="auto",
            auto_complete="off",
            class_name="input",
            custom_attrs={"aria-label": label},
        ),
        on_submit=on_submit,
        role="search",
        class_name="search",
        custom_attrs={"aria-label": of},
    )
