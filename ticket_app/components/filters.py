"""The bar of filters: a chip for each, which shows its value and opens the choices."""

from typing import Any

import reflex as rx

from ticket_app.components.badges import fixed_badge
from ticket_app.components.focus import focus, to_top
from ticket_app.components.frame import icon
from ticket_app.components.words import words
from ticket_app.state.queue import Queue
from ticket_app.state.wanted import FACETS
from ticket_app.theme import LOOKS, field_word


def filters() -> rx.Component:
    """Values of one filter widen the choice, filters narrow it."""
    return rx.el.div(
        *(_facet(facet) for facet in FACETS),
        rx.cond(
            narrowed(),
            rx.el.button(
                icon("x", 14),
                rx.el.span("Clear"),
                type="button",
                on_click=clear(),
                class_name="button bare",
            ),
        ),
        rx.cond(
            Queue.waiting,
            rx.el.button(
                icon("arrow-up", 14),
                words(Queue.waiting),
                type="button",
                on_click=[focus(_chip(FACETS[-1])), to_top(), Queue.show_waiting],
                class_name="chip waiting",
            ),
            rx.el.span(words(Queue.matching), class_name="count number"),
        ),
        # What a person's own filter has found; what strangers file is not read out.
        rx.el.span(words(Queue.found), class_name="unseen", role="status"),
        class_name="filters",
        role="group",
        custom_attrs={"aria-label": "Filters"},
    )


def clear() -> list[Any]:
    """The events that drop every filter; the button that asks for them goes away with them."""
    return [focus(_chip(FACETS[0])), rx.set_value("search", ""), Queue.clear]


def narrowed() -> rx.Var[bool]:
    """Whether any filter, or the search, is set, or one that there is not."""
    found = (Queue.search != "") | Queue.impossible
    for facet in FACETS:
        found = found | (getattr(Queue, facet).length() > 0)
    return found


def _facet(facet: str) -> rx.Component:
    """The browser's own popover: it closes by Escape and by a click elsewhere, without a script."""
    chosen = getattr(Queue, facet)
    menu = f"choices-{facet}"
    return rx.fragment(
        rx.el.button(
            rx.cond(
                chosen.length() > 0,
                rx.fragment(rx.el.span(f"{field_word(facet)}: "), rx.el.b(_chosen_words(facet))),
                rx.el.span(field_word(facet)),
            ),
            icon("chevron-down", 14),
            id=_chip(facet),
            type="button",
            class_name="chip",
            style={"anchorName": f"--{menu}"},
            custom_attrs={"popoverTarget": menu, "data-set": (chosen.length() > 0).to_string()},
        ),
        rx.el.div(
            *(_choice(facet, str(value)) for value in LOOKS[facet]),
            id=menu,
            class_name="choices",
            style={"positionAnchor": f"--{menu}"},
            role="group",
            custom_attrs={"popover": "auto", "aria-label": field_word(facet)},
        ),
    )


def _chip(facet: str) -> str:
    return f"filter-{facet}"


def _choice(facet: str, value: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=getattr(Queue, facet).contains(value),
            on_change=lambda chosen: Queue.narrow(facet, value, chosen),
        ),
        fixed_badge(facet, value),
        class_name="choice",
    )


def _chosen_words(facet: str) -> rx.Component:
    """The words of the chosen values, in the vocabulary's order."""
    chosen = getattr(Queue, facet)
    return rx.fragment(
        *(
            rx.cond(
                chosen.contains(str(value)),
                rx.el.span(look.word, class_name="chosen-word"),
            )
            for value, look in LOOKS[facet].items()
        )
    )
