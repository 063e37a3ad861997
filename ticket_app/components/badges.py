"""Badges and selects of a ticket's values: an icon and a word in the value's tone."""

import reflex as rx

from ticket_app.components.browser.saving import OptimisticChoice
from ticket_app.components.browser.words import words
from ticket_app.theme import LOOKS, TRIAGE_LOOKS, TRIAGED_ICON, field_word
from ticket_app.vocabulary import TriageStatus


def badge(field: str, value: rx.Var[str]) -> rx.Component:
    """Returns the icon and the word of a value that only the browser knows."""
    looks = LOOKS[field]
    faces = [(str(known), _face(look.icon, look.word)) for known, look in looks.items()]
    return rx.el.span(
        rx.match(value, *faces, words(value)),
        class_name=f"badge {field}",
        custom_attrs={f"data-{field}": value},
    )


def fixed_badge(field: str, value: str) -> rx.Component:
    """Returns the badge of a value that is known when the page is compiled."""
    look = next(look for known, look in LOOKS[field].items() if known == value)
    return rx.el.span(
        _face(look.icon, look.word), class_name="badge", custom_attrs={f"data-{field}": value}
    )


def triage_badge(engine: rx.Var[str], status: rx.Var[str]) -> rx.Component:
    """Returns the engine whose triage applies, or the state of a triage that is not done."""
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
    """Returns a tag without a tone, because a category is no alarm."""
    known = [(str(each), look.word) for each, look in LOOKS["category"].items()]
    return words(rx.match(value, *known, value), class_name="tag")


def urgency(score: rx.Var[int]) -> rx.Component:
    """Returns the number, and a thin bar of the same length on every row."""
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


def status_select(
    ticket_id: rx.Var[int], status: rx.Var[str], version: rx.Var[int]
) -> rx.Component:
    """Returns a select of the status, with its dot."""
    return status_choice(ticket_id=ticket_id, value=status, version=version)


def field_select(
    field: str, ticket_id: rx.Var[int], value: rx.Var[str], version: rx.Var[int]
) -> rx.Component:
    """Returns a select that changes a field of a ticket at once, and shows if it is unsaved."""
    choices = {"category": category_choice, "priority": priority_choice}
    return choices[field](ticket_id=ticket_id, value=value, version=version)


@rx.memo
def status_choice(ticket_id: rx.Var[int], value: rx.Var[str], version: rx.Var[int]) -> rx.Component:
    """The select of a status, with its dot."""
    choice = OptimisticChoice(ticket_id, "status", value, version)
    return rx.el.span(
        rx.el.span(class_name="dot"),
        _select(choice),
        class_name="status-select",
        custom_attrs={"data-status": choice.shown},
    )


@rx.memo
def category_choice(
    ticket_id: rx.Var[int], value: rx.Var[str], version: rx.Var[int]
) -> rx.Component:
    """The select of a category."""
    return _select(OptimisticChoice(ticket_id, "category", value, version))


@rx.memo
def priority_choice(
    ticket_id: rx.Var[int], value: rx.Var[str], version: rx.Var[int]
) -> rx.Component:
    """The select of a priority."""
    return _select(OptimisticChoice(ticket_id, "priority", value, version))


def _select(choice: OptimisticChoice) -> rx.Component:
    label = f"{field_word(choice.field)} of ticket {choice.ticket_id}"
    return rx.fragment(
        rx.el.select(
            *options(choice.field),
            value=choice.shown,
            on_change=choice.on_change(),
            custom_attrs={"aria-label": label},
        ),
        choice.sender(),
    )


def options(field: str) -> list[rx.Component]:
    """Returns an option for every value of a field."""
    return [rx.el.option(look.word, value=str(value)) for value, look in LOOKS[field].items()]


def _face(icon: str, word: str) -> rx.Component:
    return rx.fragment(_icon(icon), rx.el.span(word))


def _icon(name: str) -> rx.Component:
    return rx.icon(name, size=16, custom_attrs={"aria-hidden": "true"})
