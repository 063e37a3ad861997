"""The form as a sheet over a narrow window: a dialog, which keeps the focus until it is closed."""

from typing import Any

import reflex as rx
from reflex_base.vars.function import FunctionStringVar
from reflex_components_core.el.elements.sectioning import Section

from ticket_app.components.focus import NEW_TICKET, focus
from ticket_app.state.form import Form


class Keyed(Section):
    """A section that tells of the keys pressed in it."""

    on_key_down: rx.EventHandler[rx.event.key_event]


def sheet(*content: rx.Component, first: str, **props: Any) -> rx.Component:
    """A section that is a dialog while the form covers the page.

    Its opening moves the focus to the field `first`, its closing to the button that opens it; what
    it covers is inert meanwhile (`below_the_sheet` of frame.py).
    """
    attributes = props.pop("custom_attrs")
    return Keyed.create(
        *content,
        rx.cond(Form.shown, rx.fragment(on_mount=focus(first), on_unmount=focus(NEW_TICKET))),
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
    """Whether a popover is open at the time of the event: that is what Escape closes first."""
    return FunctionStringVar.create("document.querySelector").call(":popover-open").to(bool)
