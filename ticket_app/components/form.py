"""The form for a new ticket."""

import reflex as rx

from ticket_app.components.badges import options
from ticket_app.components.focus import focus
from ticket_app.components.frame import icon
from ticket_app.components.sheet import sheet
from ticket_app.components.words import words
from ticket_app.state.form import Form
from ticket_app.theme import FIELD_WORDS
from ticket_app.vocabulary import DESCRIPTION_MAX, TITLE_MAX

THINK_AFTER_MS = 800


def new_ticket() -> rx.Component:
    """In view beside the queue; on a small screen a sheet, one tap away."""
    return sheet(
        rx.el.form(
            rx.el.div(
                rx.el.h2("New ticket", id="new-ticket-heading"),
                rx.el.button(
                    icon("x", 20),
                    type="button",
                    on_click=Form.close,
                    class_name="button bare icon-only close-form",
                    custom_attrs={"aria-label": "Close the form"},
                ),
                class_name="title-row",
            ),
            _title(),
            _description(),
            rx.cond(Form.engine | Form.thinking, _suggestion()),
            rx.el.div(_choice("category"), _choice("priority"), class_name="pair"),
            rx.el.div(
                _line("requester_name", "Name", "name"),
                _line("requester_email", "E-mail", "email", input_mode="email"),
                class_name="pair",
            ),
            rx.cond(
                Form.problem,
                rx.el.p(words(Form.problem, dir="auto"), role="alert", class_name="problem-box"),
            ),
            rx.el.button(
                words(rx.cond(Form.filing, "Filing…", "File ticket")),
                type="submit",
                disabled=Form.filing,
                class_name="button main-action",
            ),
            on_submit=Form.submit,
            custom_attrs={"noValidate": True},
        ),
        on_mount=Form.arrive,
        first="title",
        class_name="card new-ticket",
        custom_attrs={"aria-labelledby": "new-ticket-heading"},
    )


def _title() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.label("Title", html_for="title"),
            rx.el.button(
                icon("sparkles", 14),
                words(rx.cond(Form.naming, "Thinking…", "Suggest a title")),
                type="button",
                on_click=Form.propose_title,
                class_name="button bare low",
            ),
            class_name="label-row",
        ),
        _input("title", max_length=TITLE_MAX * 2, auto_complete="off", on_blur=Form.entitle),
        rx.cond(
            Form.proposed_title,
            rx.el.div(
                words(Form.proposed_title, class_name="proposal", dir="auto"),
                rx.el.div(
                    rx.el.span("Suggested title", class_name="quiet"),
                    rx.el.button(
                        "Use it",
                        type="button",
                        on_click=[focus("title"), Form.take_title],
                        class_name="button low",
                    ),
                    class_name="between",
                ),
                class_name="suggestion",
                role="status",
            ),
        ),
        _error("title"),
        class_name="field",
    )


def _description() -> rx.Component:
    return rx.el.div(
        rx.el.label("What is wrong?", html_for="description"),
        rx.el.textarea(
            id="description",
            name="description",
            dir="auto",
            on_change=Form.describe.debounce(THINK_AFTER_MS),
            on_blur=Form.describe,
            max_length=DESCRIPTION_MAX * 2,
            class_name="input",
            custom_attrs=_aria("description"),
        ),
        _error("description"),
        class_name="field",
    )


def _suggestion() -> rx.Component:
    """What the triage makes of the text: plainly a suggestion, with its engine and its reasons."""
    return rx.el.div(
        rx.el.div(
            rx.cond(
                Form.engine,
                rx.el.span(
                    icon("sparkles", 14),
                    rx.el.span(" Suggested by "),
                    rx.el.b(words(Form.engine)),
                ),
            ),
            rx.cond(Form.thinking, rx.el.span("Thinking…", class_name="quiet")),
            class_name="between",
        ),
        rx.cond(Form.engine, _reasons()),
        class_name="suggestion",
        role="status",
    )


def _reasons() -> rx.Component:
    return rx.fragment(
        words(Form.sure, class_name="number"),
        rx.cond(
            Form.fell_back,
            words(f"The AI provider did not answer: {Form.fell_back}", class_name="quiet"),
        ),
        rx.cond(
            Form.reasons.length() > 0,
            rx.el.details(
                rx.el.summary("Why?"),
                rx.el.ul(rx.foreach(Form.reasons, _reason), class_name="quiet"),
            ),
            rx.el.span("Nothing in the text tells more.", class_name="quiet"),
        ),
    )


def _reason(phrase: rx.Var[str]) -> rx.Component:
    return rx.el.li(phrase, dir="auto")


def _choice(field: str) -> rx.Component:
    value = getattr(Form, field)
    suggested = getattr(Form, f"{field}_suggested")
    return rx.el.div(
        rx.el.label(FIELD_WORDS[field], html_for=field),
        rx.el.select(
            rx.el.option("Automatic", value=""),
            *options(field),
            id=field,
            name=field,
            value=value,
            on_change=lambda chosen: Form.choose(field, chosen),
            custom_attrs=_aria(field),
        ),
        rx.cond(suggested, rx.el.span("Suggested", class_name="small quiet")),
        _error(field),
        class_name=rx.cond(suggested, "field suggested", "field"),
    )


def _line(name: str, word: str, complete: str, **props: object) -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span(word),
            rx.el.span(" optional", class_name="small quiet"),
            html_for=name,
        ),
        _input(name, auto_complete=complete, **props),
        _error(name),
        class_name="field",
    )


def _input(name: str, **props: object) -> rx.Component:
    return rx.el.input(
        id=name,
        name=name,
        class_name="input",
        dir="auto",
        custom_attrs=_aria(name),
        **({"type": "text"} | props),
    )


def _aria(name: str) -> dict[str, object]:
    wrong = Form.errors.contains(name)
    return {"aria-invalid": wrong.to_string(), "aria-describedby": f"{name}-error"}


def _error(name: str) -> rx.Component:
    return rx.el.p(
        rx.cond(
            Form.errors.contains(name),
            rx.fragment(icon("circle-alert", 14), words(Form.errors[name], dir="auto")),
        ),
        id=f"{name}-error",
        class_name="problem",
    )
