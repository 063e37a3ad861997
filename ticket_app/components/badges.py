"""The values of a ticket, each as an icon and a word in its tone."""

import reflex as rx

from ticket_app.components.words import words
from ticket_app.state.actions import TicketActions
from ticket_app.theme import FIELD_WORDS, LOOKS, TRIAGE_LOOKS, TRIAGED_ICON
from ticket_app.vocabulary import TriageStatus


def badge(field: str, value: rx.Var[str]) -> rx.Component:
    """The icon and the word of a value that only the browser knows."""
    looks = LOOKS[field]
    faces = [(str(known), _face(look.icon, look.word)) for known, look in looks.items()]
    return rx.el.span(
        rx.match(value, *faces, words(value)),
        class_name=f"badge {field}",
        custom_attrs={f"data-{field}": value},
    )


def fixed_badge(field: str, value: str) -> rx.Component:
    """The same for a value known when the page is compiled."""
    look = next(look for known, look in LOOKS[field].items() if known == value)
    return rx.el.span(
        _face(look.icon, look.word), class_name="badge", custom_attrs={f"data-{field}": value}
    )


def triage_badge(engine: rx.Var[str], status: rx.Var[str]) -> rx.Component:
    """Which engine's answer stands, or what is still awaited."""
    lacks = [(str(known), _face(look.icon, look.word)) for known, look in TRIAGE_LOOKS.items()]
    return rx.el.span(
        rx.match(status, *lacks, rx.fragment(_icon(TRIAGED_ICON), words(engine))),
        class_name="badge triage",
        title=rx.cond(
            status == str(TriageStatus.PENDING),
            f"Triaged by {engine}; the AI provider's answer is awaited",
            rx.cond(
                status == str(TriageStatus.FAILED),
                f"Triaged by {engine}; the AI provider had no answer to this text",
                f"Triaged by {engine}",
            ),
        ),
        custom_attrs={"data-triage": status},
    )


def category_tag(value: rx.Var[str]) -> rx.Component:
    """A plain tag: a category is no alarm."""
    known = [(str(each), look.word) for each, look in LOOKS["category"].items()]
    return words(rx.match(value, *known, value), class_name="tag")


def urgency(score: rx.Var[int]) -> rx.Component:
    """The number, and a thin bar of the same length on every row."""
    return rx.el.span(
        words(score, class_name="number", custom_attrs={"aria-hidden": "true"}),
        rx.el.span(
            rx.el.span(class_name="fill", style={"--n": score}),
            class_name="track",
            custom_attrs={"aria-hidden": "true"},
        ),
        words(f"Urgency {score} of 100", class_name="unseen"),
        class_name="urgency small",
        title=f"Urgency {score} of 100",
    )


def status_select(ticket_id: rx.Var[int], status: rx.Var[str]) -> rx.Component:
    """The status as a dot and a word, changed in place."""
    return rx.el.span(
        rx.el.span(class_name="dot"),
        field_select("status", ticket_id, status),
        class_name="status-select",
        custom_attrs={"data-status": status},
    )


def field_select(field: str, ticket_id: rx.Var[int], value: rx.Var[str]) -> rx.Component:
    """A select that writes its field of a ticket at once."""
    return rx.el.select(
        *options(field),
        value=value,
        on_change=lambda chosen: TicketActions.change(ticket_id, field, chosen),
        custom_attrs={"aria-label": f"{FIELD_WORDS[field]} of ticket {ticket_id}"},
    )


def options(field: str) -> list[rx.Component]:
    """An option for every value of a field."""
    return [rx.el.option(look.word, value=str(value)) for value, look in LOOKS[field].items()]


def _face(icon: str, word: str) -> rx.Component:
    return rx.fragment(_icon(icon), rx.el.span(word))


def _icon(name: str) -> rx.Component:
    return rx.icon(name, size=16, custom_attrs={"aria-hidden": "true"})
