"""The form as a sheet over a narrow window: a dialog that keeps the focus until it is closed."""

from typing import Any

import reflex as rx
from reflex_base.vars.function import FunctionStringVar
from reflex_components_core.el.elements.sectioning import Section

from ticket_app.components.browser.focus import NEW_TICKET, focus, focus_unless_typing
from ticket_app.state.form.form import Form


class KeySection(Section):
    """A section with an event for the keys pressed in it."""

    on_key_down: rx.EventHandler[rx.event.key_event]


def sheet(*content: rx.Component, first: str, **props: Any) -> rx.Component:
    """Returns a section that is a dialog while the form covers the page.

    Opening it focuses the field `first`; closing it focuses the button that opens it. The covered
    page is inert meanwhile (`below_the_sheet` of frame.py).
    """
    attributes = props.pop("custom_attrs")
    return KeySection.create(
        *content,
        rx.cond(Form.shown, rx.fragment(on_mount=focus(first), on_unmount=focus(NEW_TICKET))),
        rx.cond(Form.coming, rx.fragment(on_mount=focus_unless_typing(first))),
        on_key_down=lambda key, _: rx.cond(
            Form.shown & (key == "Escape") & ~_something_is_over_it(), Form.close(), rx.noop()
        ),
        role=rx.cond(Form.shown, "dialog", "region"),
        tab_index=-1,  # a press beside its fields keeps the focus inside
        custom_attrs=attributes
        | {
            "aria-modal": rx.cond(Form.shown, "true", rx.Var("undefined")),
            "data-open": Form.shown.to_string(),
        },
        **props,
    )


def _something_is_over_it() -> rx.Var[bool]:
    """Returns True if a popover is open at the time of the event. Escape closes that first."""
    return FunctionStringVar.create("document.querySelector").call(":popover-open").to(bool)
