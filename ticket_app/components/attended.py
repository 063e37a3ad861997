"""A part of the page that tells when the focus comes into it or leaves it."""

import reflex as rx
from reflex.vars import FunctionVar, ObjectVar
from reflex_components_core.el.elements.sectioning import Section


def _crossing(event: ObjectVar[dict[str, object]]) -> tuple[rx.Var[bool]]:
    """Whether the other end of the focus's way is inside, too: then it crosses no border."""
    contains = event["currentTarget"].to(dict)["contains"].to(FunctionVar)
    return (contains.call(event["relatedTarget"]).to(bool),)


class Attended(Section):
    """A section whose `on_focus` and `on_blur` are told where the focus comes from or goes to."""

    on_focus: rx.EventHandler[_crossing]
    on_blur: rx.EventHandler[_crossing]
