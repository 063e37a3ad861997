"""A section of the page with events for focus that enters or leaves it (CSS's :focus-within)."""

import reflex as rx
from reflex.vars import FunctionVar, ObjectVar
from reflex_components_core.el.elements.sectioning import Section


def _crossing(event: ObjectVar[dict[str, object]]) -> tuple[rx.Var[bool]]:
    """Returns True if the focus moves within the section, so that it neither enters nor leaves."""
    contains = event["currentTarget"].to(dict)["contains"].to(FunctionVar)
    return (contains.call(event["relatedTarget"]).to(bool),)


class FocusWithin(Section):
    """A section whose `on_focus` and `on_blur` tell if the focus moved within it."""

    on_focus: rx.EventHandler[_crossing]
    on_blur: rx.EventHandler[_crossing]
