"""The files of a message: pictures as thumbnails, and a name with what it is for each."""

import reflex as rx

from ticket_app.components.browser.words import words
from ticket_app.components.frame import PlainLink, icon
from ticket_app.state.attachments.files import File

WIDTH, HEIGHT = "160", "120"
"""Pixels of the place of a thumbnail, kept before it has come, so that nothing moves."""


def files(found: rx.Var[list[File]]) -> rx.Component:
    """Returns the files, or nothing without one."""
    return rx.cond(
        found.length() > 0,
        rx.el.ul(
            rx.foreach(found, _file),
            class_name="said-files",
            custom_attrs={"aria-label": "Files"},
        ),
    )


def _file(file: rx.Var[File]) -> rx.Component:
    return rx.el.li(
        rx.cond(file.thumbnail, _picture(file)),
        rx.el.div(
            icon("paperclip", 14),
            rx.cond(
                file.url,
                PlainLink.create(
                    words(file.name, dir="auto"), href=file.url, custom_attrs=_saved(file)
                ),
                words(file.name, dir="auto"),
            ),
            what_it_is(file),
            class_name="file-line",
        ),
        key=file.id,
    )


def what_it_is(file: rx.Var[File]) -> rx.Component:
    """Returns kind and size."""
    return words(file.kind + " · " + file.size, class_name="number quiet")


def _picture(file: rx.Var[File]) -> rx.Component:
    """Returns the thumbnail, which opens the whole picture in a tab of its own."""
    return PlainLink.create(
        thumbnail(file),
        href=file.url,
        class_name="file-picture",
        custom_attrs={
            "target": "_blank",
            "rel": "noopener noreferrer",
            "aria-label": rx.Var.create("Open ").to(str) + file.name,
        },
    )


def thumbnail(file: rx.Var[File]) -> rx.Component:
    """Returns a picture in its place. The name stands beside it."""
    return rx.el.img(
        src=file.thumbnail,
        alt="",
        loading="lazy",
        width=WIDTH,
        height=HEIGHT,
        custom_attrs={"decoding": "async"},
    )


def _saved(file: rx.Var[File]) -> dict[str, rx.Var[str]]:
    return {"download": file.name}
