"""Cards dragged between columns, by mouse, touch or keyboard: @hello-pangea/dnd, in Python.

The package gives its children through functions of (provided, snapshot); `_given` writes one from a
Python function. It announces every move to screen readers by itself.
"""

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex.vars import ObjectVar
from reflex_base.components.component import MemoizationLeaf
from reflex_base.vars.function import ArgsFunctionOperation

LIBRARY = "@hello-pangea/dnd@18.0.1"
Provided = ObjectVar[dict[str, Any]]


def _result(result: Provided) -> tuple[rx.Var[dict[str, Any]]]:
    return (result,)


def _given(build: Callable[[Provided], rx.Component]) -> rx.Var[Any]:
    provided = rx.Var("provided").to(ObjectVar, dict[str, Any])
    function: rx.Var[Any] = ArgsFunctionOperation.create(
        args_names=("provided", "snapshot"), return_expr=rx.Var.create(build(provided))
    )
    return function


class DragDropContext(MemoizationLeaf):
    """Around everything that takes part; `on_drag_end` gets the package's DropResult."""

    library = LIBRARY
    tag = "DragDropContext"

    on_drag_end: rx.EventHandler[_result]


class Droppable(MemoizationLeaf):
    """A place for cards."""

    library = LIBRARY
    tag = "Droppable"

    droppable_id: rx.Var[str]

    @classmethod
    def create(cls, *children: Any, droppable_id: str, **props: Any) -> rx.Component:
        """A div with the children and, at its end, the space that a dragged card will take."""

        def place(provided: Provided) -> rx.Component:
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

    @classmethod
    def create(
        cls,
        handle: rx.Component,
        *children: Any,
        draggable_id: rx.Var[str],
        index: rx.Var[int],
        **props: Any,
    ) -> rx.Component:
        """A div with the handle and the rest; `index` is its place in the column."""

        def card(provided: Provided) -> rx.Component:
            return rx.el.div(
                rx.el.div(handle, special_props=[provided["dragHandleProps"]], class_name="handle"),
                *children,
                custom_attrs={"ref": provided["innerRef"]},
                special_props=[provided["draggableProps"]],
                **props,
            )

        return super().create(
            _given(card), key=draggable_id, draggable_id=draggable_id, index=index
        )
