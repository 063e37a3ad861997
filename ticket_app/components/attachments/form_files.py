"""Files of the public form: kept by the browser until the ticket is filed, and uploaded then."""

from typing import Any

import reflex as rx

from ticket_app.components.attachments.attaching import LABEL, reason
from ticket_app.components.attachments.filepond import (
    begin,
    empty,
    file_box,
    let_go,
    on_the_way,
    take_pasted,
)
from ticket_app.components.browser.words import words
from ticket_app.state.portal.receipt import Receipt
from ticket_app.state.portal.receipt_files import ReceiptFiles
from ticket_app.vocabulary import ATTACHMENTS_MAX

POND = "form_files"


def form_files() -> rx.Component:
    """Returns the box, which stays below the receipt as long as a file is not uploaded.

    It stands beside the form and not in it: the fields of a form go by the websocket, which takes
    no file.
    """
    return rx.el.div(
        file_box(
            POND,
            server=Receipt.uploads_to,
            instant_upload=False,
            allow_process=False,
            max_files=ATTACHMENTS_MAX,
            allow_drop=True,
            label_idle=LABEL,
            label_file_processing_error=reason(),
            label_tap_to_cancel="",
            label_tap_to_retry="",
            on_done=lambda error, item: [
                ReceiptFiles.file_came(Receipt.ticket, on_the_way(POND)),
                rx.call_function(let_go(POND, error, item)),
            ],
        ),
        rx.cond(
            Receipt.ticket,
            rx.fragment(
                rx.fragment(on_mount=rx.call_function(begin(POND)), key=Receipt.ticket.to_string()),
                rx.el.button(
                    "Try again",
                    type="button",
                    on_click=rx.call_function(begin(POND)),
                    class_name="button low",
                ),
            ),
        ),
        class_name="attaching form-files",
    )


def form_pastes() -> dict[str, Any]:
    """Returns the attributes by which the form takes files that are pasted into its fields."""
    return {"onPaste": take_pasted(rx.Var.create(POND).to(str))}


def sent_files() -> rx.Component:
    """Returns what became of the files, for the receipt."""
    return rx.el.p(words(ReceiptFiles.said), role="status", class_name="small quiet")


def forget_files() -> rx.event.EventSpec:
    """Returns the event that empties the box for the next ticket."""
    return rx.call_function(empty(POND))
