"""Uploads with progress, cancel and retry: the package FilePond, in a chunk of its own.

It gets files by its own button, by a drop anywhere on the page, and from `take_pasted`. Each file
leaves it as soon as the desk has it: what waits to be sent is a list of ours.
"""

from typing import Any

import reflex as rx
from reflex.vars import VarData

from ticket_app.components.browser.browser_functions import Object, as_object, call, function_of

_REFS: rx.Var[Any] = rx.Var("refs", _var_data=VarData(imports={"$/utils/state": ["refs"]}))
_NOTHING: rx.Var[Any] = rx.Var("null")
PASTED: rx.Var[Any] = rx.Var("event.clipboardData")
AT_ONCE = 2
"""Files of a box that are uploaded at a time."""
COMPLETE, FAILED = 5, 6
"""Values of the package's FileStatus."""
RICH = ("text/html", "text/plain")
"""A clipboard with both is a piece of a document. The picture beside them is a copy of it."""


def _done(error: rx.Var[Any], item: rx.Var[Any]) -> list[rx.Var[Any]]:
    return [error, as_object(item)["id"].to(str)]


class FilePond(rx.NoSSRComponent):
    """The package's component. `on_done` gets the error or null, and the item's own id."""

    library = "react-filepond@7.1.3"
    tag = "FilePond"
    lib_dependencies: list[str] = ["filepond@4.32.12"]  # noqa: RUF012  # as Reflex declares it

    server: rx.Var[str]
    name: rx.Var[str]
    allow_multiple: rx.Var[bool]
    allow_process: rx.Var[bool]
    instant_upload: rx.Var[bool]
    max_files: rx.Var[int]
    allow_drop: rx.Var[bool]
    allow_paste: rx.Var[bool]
    drop_on_page: rx.Var[bool]
    drop_on_element: rx.Var[bool]
    allow_minimum_upload_duration: rx.Var[bool]
    max_parallel_uploads: rx.Var[int]
    credits: rx.Var[bool]
    label_idle: rx.Var[str]
    label_file_processing_aborted: rx.Var[str]
    label_file_processing_error: rx.Var[Any]
    label_tap_to_cancel: rx.Var[str]
    label_tap_to_retry: rx.Var[str]

    on_done: rx.EventHandler[_done]

    _rename_props = {"onDone": "onprocessfile"}  # noqa: RUF012

    def add_imports(self) -> dict[str, str]:
        """Return the import of the package's stylesheet."""
        return {"": "filepond/dist/filepond.min.css"}


def file_box(element_id: str, **props: Any) -> rx.Component:
    """Returns a box for several files, with what every box of the desk has in common."""
    return FilePond.create(
        id=element_id,
        name="file",
        allow_multiple=True,
        allow_paste=False,
        drop_on_page=True,
        drop_on_element=False,
        allow_minimum_upload_duration=False,
        max_parallel_uploads=AT_ONCE,
        credits=False,
        **props,
    )


def unfinished(pond_id: str) -> rx.Var[int]:
    """Returns the number of files that are on their way, or have failed, when it is evaluated."""
    pond = _pond(pond_id)
    count = as_object(call(pond["getFiles"]))["length"].to(int)
    return _if_drawn(pond_id, count, rx.Var("0")).to(int)


def on_the_way(pond_id: str) -> rx.Var[int]:
    """Returns the number of files that are neither stored nor refused, when it is evaluated."""
    status = as_object(rx.Var("file"))["status"].to(int)
    moves = function_of(("file",), (status != COMPLETE) & (status != FAILED))
    found = call(as_object(call(_pond(pond_id)["getFiles"]))["filter"], moves)
    return _if_drawn(pond_id, as_object(found)["length"].to(int), rx.Var("0")).to(int)


def begin(pond_id: str) -> rx.Var[Any]:
    """Returns a function that uploads what waits for it, and tries again what has failed."""
    return function_of((), _if_drawn(pond_id, call(_pond(pond_id)["processFiles"]), _NOTHING))


def empty(pond_id: str) -> rx.Var[Any]:
    """Returns a function that takes all files off the package's list."""
    return function_of((), _if_drawn(pond_id, call(_pond(pond_id)["removeFiles"]), _NOTHING))


def let_go(pond_id: str, error: rx.Var[Any], item_id: rx.Var[str]) -> rx.Var[Any]:
    """Returns a function that takes a file off the package's own list, once the desk has it."""
    remove = call(_pond(pond_id)["removeFile"], item_id)
    return function_of((), rx.cond(error, _NOTHING, remove))


def take_pasted(pond_id: rx.Var[str]) -> rx.Var[Any]:
    """Returns a listener for pastes into a field: files are uploaded, text is left to the field."""
    pasted = as_object(PASTED)
    types = as_object(call(rx.Var("Array.from"), pasted["types"]))
    files = call(rx.Var("Array.from"), pasted["files"])
    is_rich = call(types["includes"], RICH[0]).to(bool) & call(types["includes"], RICH[1]).to(bool)
    has_files = as_object(pasted["files"])["length"].to(int) > 0
    add = rx.Var.create(
        [call(rx.Var("event.preventDefault")), call(_pond(pond_id)["addFiles"], files)]
    )
    took = _if_drawn(pond_id, add, _NOTHING)
    return function_of(("event",), rx.cond(has_files & ~is_rich, took, _NOTHING))


def _if_drawn(pond_id: str | rx.Var[str], value: rx.Var[Any], other: rx.Var[Any]) -> rx.Var[Any]:
    """Returns the value if the package has come and is drawn."""
    reference = as_object(as_object(_REFS)[_name(pond_id)])
    return rx.cond(reference, rx.cond(reference["current"], value, other), other)


def _pond(pond_id: str | rx.Var[str]) -> Object:
    return as_object(as_object(as_object(_REFS)[_name(pond_id)])["current"])


def _name(pond_id: str | rx.Var[str]) -> Any:
    return f"ref_{pond_id}" if isinstance(pond_id, str) else rx.Var.create("ref_").to(str) + pond_id
