"""Suggestions of the triage for a new ticket: a title over the form, the rest below its fields."""

import reflex as rx

from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.state.form.form import Form


def title_proposal() -> rx.Component:
    """Returns the proposed title in the browser's own popover, over the form."""
    return rx.el.div(
        rx.cond(
            Form.proposed_title,
            rx.fragment(
                words(Form.proposed_title, class_name="proposal", dir="auto"),
                rx.el.div(
                    rx.el.span("Suggested title", class_name="quiet"),
                    rx.el.button(
                        "Use it",
                        type="button",
                        on_click=[Form.take_title(Form.proposed_title), focus("title")],
                        class_name="button low",
                        custom_attrs={
                            "popoverTarget": "proposal",
                            "popoverTargetAction": "hide",
                        },
                    ),
                    class_name="between",
                ),
            ),
            words(
                rx.cond(
                    Form.errors.contains("description") & ~Form.naming,
                    Form.errors["description"],
                    "Thinking…",
                ),
                class_name="quiet",
            ),
        ),
        id="proposal",
        class_name="choices small",
        style={"positionAnchor": "--proposal"},
        role="status",
        custom_attrs={"popover": "auto"},
    )


def suggestion() -> rx.Component:
    """Returns the triage of the text, plainly as a suggestion, with its engine and its reasons."""
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
            rx.el.span("The text gives no further reasons.", class_name="quiet"),
        ),
    )


def _reason(phrase: rx.Var[str]) -> rx.Component:
    return rx.el.li(phrase, dir="auto")
