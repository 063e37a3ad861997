"""The bar of filters. Each filter is a chip that shows its values and opens the choices."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from ticket_app.components.badges import fixed_badge
from ticket_app.components.browser.focus import focus, to_top
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.schemas.assignees import ME, NONE
from ticket_app.state.tickets.queue import Queue
from ticket_app.state.tickets.queue_address import FACETS
from ticket_app.theme import LOOKS, field_word
from ticket_app.vocabulary import Sort

SORT_WORDS = {
    Sort.NEWEST: "Newest first",
    Sort.OLDEST: "Oldest first",
    Sort.WAITING: "Longest waiting",
    Sort.URGENT: "Most urgent",
    Sort.CHANGED: "Last changed",
}


def filters() -> rx.Component:
    """Returns the bar. Values of one filter widen the choice, and filters narrow it."""
    return rx.el.div(
        *(_facet(facet) for facet in FACETS),
        _of_assignee("Mine", ME),
        _of_assignee("Unassigned", NONE),
        _toggle("Unanswered", Queue.unanswered == "true", Queue.choose_unanswered),
        rx.cond(Queue.requester, _requester()),
        rx.cond(_is_of_agent(), _assignee()),
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
        _sort(),
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
        # Screen readers hear the result of the person's own filter, and not each newly filed
        # ticket.
        rx.el.span(words(Queue.found), class_name="unseen", role="status"),
        class_name="filters",
        role="group",
        custom_attrs={"aria-label": "Filters"},
    )


def clear() -> list[Any]:
    """Returns the events that clear every filter. The focus leaves the button, which disappears."""
    return [focus(_chip(FACETS[0])), rx.set_value("search", ""), Queue.clear]


def narrowed() -> rx.Var[bool]:
    """Returns True if a filter or the search is set, or the address has an invalid one."""
    found = (Queue.search != "") | (Queue.requester != "") | Queue.impossible
    found = found | (Queue.assignee != "") | (Queue.unanswered != "")
    for facet in FACETS:
        found = found | (getattr(Queue, facet).length() > 0)
    return found


def named_requesters() -> rx.Component:
    """Returns buttons that list the tickets of the people whom the search names."""
    return rx.cond(
        Queue.people.length() > 0,
        rx.el.div(
            rx.foreach(
                Queue.people,
                lambda person: rx.el.button(
                    icon("user-round", 14),
                    rx.el.span("Tickets of"),
                    rx.el.b(words(person.name, dir="auto")),
                    rx.cond(person.email, words(person.email, dir="auto", class_name="quiet")),
                    type="button",
                    on_click=[focus(_chip(FACETS[0])), Queue.choose_requester(person.id)],
                    class_name="chip named",
                    key=person.id,
                ),
            ),
            class_name="named-requesters",
            role="group",
            custom_attrs={"aria-label": "Requesters with this name"},
        ),
    )


def _requester() -> rx.Component:
    """Returns a chip that removes the filter by requester."""
    return rx.el.button(
        rx.el.span("Requester: "),
        rx.el.b(words(Queue.requester_shown, dir="auto")),
        icon("x", 14),
        type="button",
        on_click=[focus(_chip(FACETS[0])), Queue.any_requester],
        class_name="chip",
        custom_attrs={
            "data-set": "true",
            "aria-label": rx.Var.create("Tickets of ").to(str)
            + Queue.requester_shown
            + ": show those of every requester",
        },
    )


def _is_of_agent() -> rx.Var[bool]:
    """Returns True for a list of the tickets of an agent by number."""
    return (Queue.assignee != "") & (Queue.assignee != ME) & (Queue.assignee != NONE)


def _assignee() -> rx.Component:
    """Returns a chip that removes the filter by an agent."""
    return rx.el.button(
        rx.el.span("Assignee: "),
        rx.el.b(words(Queue.assignee_shown, dir="auto")),
        icon("x", 14),
        type="button",
        on_click=[focus(_chip(FACETS[0])), Queue.choose_assignee("")],
        class_name="chip",
        custom_attrs={
            "data-set": "true",
            "aria-label": rx.Var.create("Tickets of the assignee ").to(str)
            + Queue.assignee_shown
            + ": show those of all",
        },
    )


def _of_assignee(word: str, whose: str) -> rx.Component:
    return _toggle(
        word,
        Queue.assignee == whose,
        lambda chosen: Queue.choose_assignee(rx.cond(chosen, whose, "")),
    )


def _toggle(word: str, is_set: rx.Var[bool], choose: Callable[[Any], Any]) -> rx.Component:
    """Returns a chip that is pressed or not."""
    return rx.el.button(
        rx.el.span(word),
        type="button",
        on_click=choose(~is_set),
        class_name="chip",
        custom_attrs={"data-set": is_set.to_string(), "aria-pressed": is_set.to_string()},
    )


def _sort() -> rx.Component:
    return rx.el.select(
        *(rx.el.option(word, value=sort) for sort, word in SORT_WORDS.items()),
        value=rx.cond(Queue.sort, Queue.sort, Sort.NEWEST.value),
        on_change=Queue.sort_by,
        custom_attrs={"aria-label": "Sort"},
    )


def _facet(facet: str) -> rx.Component:
    """Returns a chip with the browser's own popover, which Escape and a click elsewhere close."""
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
    """Returns the words of the chosen values, in the vocabulary's order."""
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
