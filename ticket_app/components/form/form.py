"""The form for a new ticket."""

import reflex as rx

from ticket_app.components.badges import options
from ticket_app.components.browser.field_values import value_of, values_of
from ticket_app.components.browser.words import words
from ticket_app.components.form.sheet import sheet
from ticket_app.components.form.suggestion import suggestion, title_proposal
from ticket_app.components.frame import icon
from ticket_app.state.form.form import Form
from ticket_app.state.form.form_input import FIELDS, KEY, LONGEST, OFFERED, ROOM
from ticket_app.theme import field_word
from ticket_app.vocabulary import DESCRIPTION_MAX

DESCRIPTION_DEBOUNCE_MS = 800
FIELD_DEBOUNCE_MS = 300


def new_ticket() -> rx.Component:
    """Returns the form, beside the queue; on a small screen it is a sheet, one tap away.

    Nothing in it moves under the pointer. What comes and goes has reserved space or stands below
    all controls, and the button is at the foot.
    """
    return sheet(
        *ticket_form(
            requester(), rx.cond(Form.engine | Form.thinking, suggestion()), head=_heading()
        ),
        on_mount=Form.meet(values_of(FIELDS)),
        first="title",
        class_name="card new-ticket",
        custom_attrs={"aria-labelledby": "new-ticket-heading"},
    )


def ticket_form(
    *below: rx.Component,
    head: rx.Component | None = None,
    words_of_button: tuple[str, str] = ("File ticket", "Filing…"),
) -> tuple[rx.Component, ...]:
    """Returns the form's parts, for a section that meets the State when it is mounted.

    `below` stands below the ticket's own fields. The button has the second word while the ticket is
    being filed.
    """
    return (
        rx.cond(Form.ready, rx.fragment(), rx.fragment(on_mount=Form.meet(values_of(FIELDS)))),
        rx.el.form(
            rx.el.div(
                *([head] if head else []),
                _title(),
                _description(),
                rx.el.div(_choice("category"), _choice("priority"), class_name="pair"),
                *below,
                class_name="fields",
            ),
            *(_hidden(name) for name in (*OFFERED.values(), KEY)),
            _foot(rx.cond(Form.filing, words_of_button[1], words_of_button[0])),
            on_submit=Form.submit,
            custom_attrs={"noValidate": True},
        ),
    )


def _hidden(name: str) -> rx.Component:
    """Returns a field that the desk writes: a text field, so that React never resets its value."""
    return rx.el.input(
        type="text",
        id=name,
        name=name,
        hidden=True,
        auto_complete="off",
        custom_attrs={"aria-label": "Kept by the desk"},
    )


def _heading() -> rx.Component:
    return rx.el.div(
        rx.el.h2("New ticket", id="new-ticket-heading"),
        rx.el.button(
            icon("x", 20),
            type="button",
            on_click=Form.close,
            class_name="button bare icon-only close-form",
            custom_attrs={"aria-label": "Close the form"},
        ),
        class_name="title-row",
    )


def _foot(word: rx.Var[str]) -> rx.Component:
    """Returns the foot with the button. Before the scripts have come the button is disabled, and so
    is Enter. While a ticket is being filed it is enabled: a second press files no second ticket."""
    return rx.el.div(
        rx.cond(
            Form.problem,
            rx.el.p(words(Form.problem, dir="auto"), role="alert", class_name="problem-box"),
        ),
        rx.el.button(
            words(rx.cond(Form.ready, word, "Loading…")),
            type="submit",
            disabled=~Form.ready,
            class_name="button main-action",
            custom_attrs={"aria-describedby": "send-reason"},
        ),
        rx.el.p(
            words(rx.cond(Form.ready, "", "The form can be sent as soon as the page has loaded.")),
            id="send-reason",
            class_name="unseen",
        ),
        class_name="send",
    )


def _title() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.label("Title", html_for="title"),
            rx.el.button(
                icon("sparkles", 14),
                rx.el.span("Suggest a title"),
                type="button",
                on_click=Form.propose_title,
                class_name="button bare low",
                style={"anchorName": "--proposal"},
                custom_attrs={"popoverTarget": "proposal", "popoverTargetAction": "show"},
            ),
            class_name="label-row",
        ),
        title_proposal(),
        _input("title", auto_complete="off"),
        _below("title"),
        class_name="field",
    )


def _description() -> rx.Component:
    return rx.el.div(
        rx.el.label("What is wrong?", html_for="description"),
        rx.el.textarea(
            id="description",
            name="description",
            dir="auto",
            on_change=Form.describe.debounce(DESCRIPTION_DEBOUNCE_MS),
            on_blur=Form.describe,
            max_length=DESCRIPTION_MAX * ROOM,
            class_name="input",
            custom_attrs=_aria("description"),
        ),
        _below("description"),
        class_name="field",
    )


def _choice(field: str) -> rx.Component:
    suggested = getattr(Form, f"{field}_suggested")
    offered = OFFERED[field]
    return rx.el.div(
        rx.el.label(field_word(field), html_for=field),
        rx.el.select(
            rx.el.option("Automatic", value=""),
            *options(field),
            id=field,
            name=field,
            on_change=lambda chosen: [
                Form.choose(field, chosen, value_of(offered)),
                rx.set_value(offered, ""),
            ],
            custom_attrs={"aria-describedby": f"{field}-error"},
        ),
        rx.el.p(
            rx.cond(
                Form.errors.contains(field),
                words(Form.errors[field], class_name="problem"),
                rx.cond(suggested, rx.el.span("Suggested")),
            ),
            id=f"{field}-error",
            class_name="below",
        ),
        class_name=rx.cond(suggested, "field suggested", "field"),
    )


def requester(*, needs_address: bool | rx.Var[bool] = False) -> rx.Component:
    """Returns the requester's fields. Their errors stand below both, with space for a sentence."""
    optional = rx.el.span(" optional", class_name="small quiet")
    return rx.el.div(
        rx.el.div(
            _line("requester_name", "Name", optional, auto_complete="name"),
            _line(
                "requester_email",
                "E-mail",
                rx.cond(needs_address, rx.fragment(), optional),
                auto_complete="email",
                input_mode="email",
            ),
            class_name="pair",
        ),
        _below("requester_name"),
        _below("requester_email"),
        class_name="field requester",
    )


def _line(name: str, word: str, *beside: rx.Component, **props: object) -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span(word),
            *beside,
            html_for=name,
        ),
        _input(name, **props),
        class_name="field",
    )


def _input(name: str, **props: object) -> rx.Component:
    return rx.el.input(
        id=name,
        name=name,
        class_name="input",
        dir="auto",
        max_length=LONGEST[name] * ROOM,
        on_change=lambda text: Form.write(name, text).debounce(FIELD_DEBOUNCE_MS),
        on_blur=lambda text: Form.write(name, text),
        custom_attrs=_aria(name),
        **({"type": "text"} | props),
    )


def _aria(name: str) -> dict[str, object]:
    wrong = Form.errors.contains(name)
    return {"aria-invalid": wrong.to_string(), "aria-describedby": f"{name}-error"}


def _below(name: str) -> rx.Component:
    """Returns the line below a field: its error or its length. Its space is always reserved."""
    return rx.el.div(
        rx.el.p(
            rx.cond(
                Form.errors.contains(name),
                rx.fragment(icon("circle-alert", 14), words(Form.errors[name], dir="auto")),
            ),
            id=f"{name}-error",
            class_name="problem",
        ),
        rx.el.p(
            rx.cond(
                Form.counts.contains(name) & ~Form.errors.contains(name),
                words(Form.counts[name]),
            ),
            class_name="number count",
            role="status",
        ),
        class_name="below",
    )
