"""Copying into the clipboard, where the browser lets a page do that."""

from typing import Any

import reflex as rx

from ticket_app.components.frame import icon


def copy_button(text: rx.Var[str], *then: Any) -> rx.Component:
    """Returns a button that copies a text, then does `then`. Nothing without a clipboard: a page
    has one over https, or on the machine of the desk."""
    has_clipboard = rx.Var("(navigator.clipboard !== undefined)").to(bool)
    return rx.cond(
        has_clipboard,
        rx.el.button(
            icon("copy"),
            rx.el.span("Copy"),
            type="button",
            on_click=[rx.set_clipboard(text), *then],
            class_name="button",
        ),
    )
