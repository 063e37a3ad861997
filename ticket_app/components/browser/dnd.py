"""Cards that are dragged between columns by mouse, touch or keyboard: @hello-pangea/dnd, in Python.

The package takes its children as functions of (provided, snapshot). `_render_prop` makes one from a
Python function. It reports a drag to functions of (report, provided), whose `provided.announce`
sends a sentence to screen readers.
"""

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex_base.components.component import MemoizationLeaf

from ticket_app.components.browser.browser_functions import Object, as_object, call, function_of

LIBRARY = "@hello-pangea/dnd@18.0.1"
Announce = Callable[[Any], rx.Var[Any]]


def listener(answer: Callable[[Object, Announce], list[rx.Var[Any]]]) -> rx.Var[Any]:
    """Returns a listener for the package. `answer` takes its report and a function to announce."""
    report, provided = as_object(rx.Var("report")), as_object(rx.Var("provided"))

    def announce(sentence: Any) -> rx.Var[Any]:
        return call(provided["announce"], sentence)

    return function_of(("report", "provided"), answer(report, announce))


def _render_prop(build: Callable[[Object], rx.Component]) -> rx.Var[Any]:
    return function_of(("provided", "snapshot"), build(as_object(rx.Var("provided"))))


class DragDropContext(MemoizationLeaf):
    """Surrounds everything that takes part. `on_drag_end` gets the package's DropResult."""

    library = LIBRARY
    tag = "DragDropContext"

    drag_handle_usage_instructions: rx.Var[str]
    on_before_capture: rx.Var[Any]
    on_drag_start: rx.Var[Any]
    on_drag_update: rx.Var[Any]
    on_drag_end: rx.Var[Any]


class Droppable(MemoizationLeaf):
    """A place for cards."""

    library = LIBRARY
    tag = "Droppable"

    droppable_id: rx.Var[str]

    @classmethod
    def create(cls, *children: Any, droppable_id: str, **props: Any) -> rx.Component:
        """Returns a div with the children and, at its end, the space for a dragged card."""

        def place(provided: Object) -> rx.Component:
            return rx.el.div(
                *children,
                provided["placeholder"].to(rx.Component),
                custom_attrs={"ref": provided["innerRef"]},
                special_props=[provided["droppableProps"]],
                **props,
            )

        return super().create(_render_prop(place), droppable_id=droppable_id)


class Draggable(MemoizationLeaf):
    """A card. It is lifted by its handle, which contains no controls; those stand beside it."""

    library = LIBRARY
    tag = "Draggable"

    draggable_id: rx.Var[str]
    index: rx.Var[int]
    is_drag_disabled: rx.Var[bool]

    @classmethod
    def create(
        cls,
        handle: rx.Component,
        *children: Any,
        draggable_id: rx.Var[str],
        index: rx.Var[int],
        handle_id: rx.Var[str] | str = "",
        is_drag_disabled: bool = False,
        **props: Any,
    ) -> rx.Component:
        """Returns a div with the handle and the children. `index` is its place in the column."""

        def card(provided: Object) -> rx.Component:
            return rx.el.div(
                rx.el.div(
                    handle,
                    special_props=[provided["dragHandleProps"]],
                    class_name="handle",
                    custom_attrs={"id": handle_id} if handle_id else {},
                ),
                *children,
                custom_attrs={"ref": provided["innerRef"]},
                special_props=[provided["draggableProps"]],
                **props,
            )

        return super().create(
            _render_prop(card),
            key=draggable_id,
            draggable_id=draggable_id,
            index=index,
            is_drag_disabled=is_drag_disabled,
        )
