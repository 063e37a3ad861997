"""Reports when a part of the page comes into view: the npm component, in Python."""

import reflex as rx


def _visibility(visible: rx.Var[bool]) -> tuple[rx.Var[bool]]:
    return (visible,)


class InView(rx.Component):
    """A div that reports whether it is in view. `root_margin` widens the view, as in CSS."""

    library = "react-intersection-observer@11.0.1"
    tag = "InView"

    root_margin: rx.Var[str]
    on_change: rx.EventHandler[_visibility]
