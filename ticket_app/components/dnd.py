"""Cards dragged between columns, by mouse, touch or keyboard: @hello-pangea/dnd, in Python.

The package gives its children through functions of (provided, snapshot); `_given` writes one from a
Python function. What it tells of a drag it gives to functions of (told, provided), whose
`provided.announce` says a sentence to screen readers.
"""

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex_base.components.component import MemoizationLeaf

from ticket_app.components.browser_functions import Object, as_object, call, function_of

LIBRARY = "@hello-pangea/dnd@18.0.1"
Announce = Callable[[Any], rx.Var[Any]]


def told(answer: Callable[[Object, Announce], list[rx.Var[Any]]]) -> rx.Var[Any]:
    """What to do when the package tells something: `answer` gets that, and a way to announce."""
    what, provided = as_object(rx.Var("told")), as_object(rx.Var("provided"))

    def announce(sentence: Any) -> rx.Var[Any]:
        return call(provided["announce"], sentence)

    return function_of(("told", "provided"), answer(what, announce))


def _given(build: Callable[[Object], rx.Component]) -> rx.Var[Any]:
    return function_of(("provided", "snapshot"), build(as_object(rx.Var("provided"))))


class DragDropContext(MemoizationLeaf):
    """Around everything that takes part. `on_drag_end` gets the package's DropResult."""

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
        """A div with the children and, at its end, the space that a dragged card will take."""

        def place(provided: Object) -> rx.Component:
            return rx.el.div(
                *children,
                provided["placeholder"].to(rx.Component),
                custom_attrs={"ref": provided["innerRef"]},
                special_props=[provided["droppableProps"]],
                **props,
            )

        return super().create(_given(place), droppable_id=droppable_id)


class Draggable(MemoizationLeaf):
    """A card. Its handle is what lifts it, and holds no controls; those stand beside the handle."""

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
        """A div with the handle and the rest; `index` is its place in the column."""

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
            _given(card),
            key=draggable_id,
            draggable_id=draggable_id,
            index=index,
            is_drag_disabled=is_drag_disabled,
        )
