"""Files in a composer: chosen, dropped or pasted, with their progress, and the list of what waits.

Each kind of message has a box of its own, as it has a field of its own: so a file that is on its
way to a note goes to the note, whatever is written meanwhile.
"""

from typing import Any

import reflex as rx

from ticket_app.components.attachments.filepond import file_box, let_go, take_pasted, unfinished
from ticket_app.components.attachments.files import thumbnail, what_it_is
from ticket_app.components.browser.browser_functions import as_object, function_of
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.state.attachments.files import File
from ticket_app.state.attachments.unsent import Unsent
from ticket_app.vocabulary import MessageKind

LABEL = (
    '<span class="filepond--label-action">Attach files</span>'
    '<span class="attach-hint"> or drop or paste them</span>'
)
REASONS = (
    (401, "Sign in again first"),
    (403, "You may not write here"),
    (404, "The ticket is not here any more"),
    (408, "The connection was too slow"),
    (409, "Too many files wait: send or remove some"),
    (413, "Larger than this desk takes"),
    (415, "Programs are not taken: pack it into a ZIP"),
    (422, "The file is empty or cannot be read"),
    (429, "Too many files in an hour: wait a while"),
    (503, "The desk is busy"),
    (507, "The desk has no room for it"),
    (0, "The connection was lost"),
)
"""Why a file was not uploaded, by the status of the answer."""


def attaching(
    unsent: type[Unsent], ticket_id: rx.Var[int], kind: str, hidden: rx.Var[bool]
) -> rx.Component:
    """Returns the box of a kind: the list of what waits, and the way to more."""
    pond = pond_id(kind)
    files = getattr(unsent, f"{kind}_files")
    return rx.el.div(
        rx.cond(
            _is_here(unsent, ticket_id),
            rx.fragment(
                rx.cond(
                    files.length() > 0,
                    rx.el.ul(
                        rx.foreach(files, lambda file: _waiting(unsent, ticket_id, file)),
                        class_name="unsent",
                        custom_attrs={"aria-label": "Files to be sent"},
                    ),
                ),
                file_box(
                    pond,
                    server=unsent.uploads_to + kind,
                    allow_drop=~hidden,
                    label_idle=LABEL,
                    label_file_processing_aborted="Cancelled",
                    label_file_processing_error=reason(),
                    label_tap_to_cancel="press × to cancel",
                    label_tap_to_retry="press ↻ to try again",
                    on_done=lambda error, item: [
                        rx.call_function(let_go(pond, error, item)),
                        unsent.read_files(ticket_id),
                    ],
                ),
            ),
        ),
        rx.el.p(words(unsent.files_problem, dir="auto"), role="alert", class_name="files-problem"),
        hidden=hidden,
        class_name="attaching",
    )


def files_to_send(unsent: type[Unsent], ticket_id: rx.Var[int], kind: str) -> tuple[Any, Any]:
    """Returns what a press on Send says of files: the ids of the list, and how many are not there
    yet."""
    ids = getattr(unsent, f"{kind}_ids")
    here = rx.cond(_is_here(unsent, ticket_id), ids, rx.Var.create([]))
    return here, unfinished(pond_id(kind))


def pastes(is_note: rx.Var[bool]) -> dict[str, Any]:
    """Returns the attributes by which a box takes files that are pasted into its fields."""
    chosen = rx.cond(is_note, pond_id(MessageKind.NOTE), pond_id(MessageKind.REPLY))
    return {"onPaste": take_pasted(chosen.to(str))}


def pond_id(kind: str) -> str:
    """Returns the id of the package's component: as a name of JavaScript, too."""
    return f"{kind}_files"


def _is_here(unsent: type[Unsent], ticket_id: rx.Var[int]) -> rx.Var[bool]:
    return unsent.files_of == ticket_id


def _waiting(unsent: type[Unsent], ticket_id: rx.Var[int], file: rx.Var[File]) -> rx.Component:
    return rx.el.li(
        rx.cond(file.thumbnail, thumbnail(file), icon("paperclip", 14)),
        words(file.name, dir="auto", class_name="unsent-name"),
        what_it_is(file),
        rx.el.button(
            icon("x", 14),
            type="button",
            on_click=unsent.remove_file(ticket_id, file.id),
            class_name="button bare icon-only",
            custom_attrs={"aria-label": rx.Var.create("Remove ").to(str) + file.name},
        ),
        key=file.id,
    )


def reason() -> rx.Var[Any]:
    """Returns a function that says in words why a file was not uploaded."""
    code = as_object(rx.Var("error"))["code"].to(int)
    sentence = rx.match(code, *REASONS, "Not uploaded")
    return function_of(("error",), sentence)
