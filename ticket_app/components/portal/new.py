"""The form for everyone, and the receipt of what was filed by it."""

import reflex as rx
from reflex_components_core.el.elements.sectioning import Section
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.attachments.form_files import (
    forget_files,
    form_files,
    form_pastes,
    sent_files,
)
from ticket_app.components.browser.clipboard import copy_button
from ticket_app.components.browser.field_values import values_of
from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.words import words
from ticket_app.components.form.form import requester, ticket_form
from ticket_app.components.frame import PlainLink, icon
from ticket_app.state.form.form import Form
from ticket_app.state.form.form_input import FIELDS
from ticket_app.state.people.me import Me
from ticket_app.state.portal.receipt import PAGE, Receipt
from ticket_app.state.portal.receipt_files import ReceiptFiles

HEADING, RECEIPT, LINK = "new-ticket-heading", "receipt", "receipt-link"


def new() -> rx.Component:
    """Returns the form, or the receipt, or a sentence for someone who has to sign in first.

    The form is in the compiled page, so that one can type before the scripts have come. The receipt
    hides it, and leaves it in place for the next ticket.
    """
    return rx.cond(
        Me.may_file,
        rx.fragment(rx.cond(Receipt.ticket, _receipt()), _form()),
        rx.el.div(
            rx.el.h1("Sign in to write to us"),
            rx.el.p("This desk takes tickets from people who have an account."),
            PlainLink.create(
                "Sign in", href=f"/sign-in?next={PAGE}", class_name="button main-action"
            ),
            class_name="card empty",
        ),
    )


def _form() -> rx.Component:
    return rx.el.div(
        rx.el.h1("How can we help?", id=HEADING),
        rx.el.p(
            "Write what is wrong, in your own words. We read every ticket.", class_name="quiet"
        ),
        Section.create(
            *ticket_form(_from(), words_of_button=("Send", "Sending…")),
            form_files(),
            on_mount=Form.meet(values_of(FIELDS)),
            class_name="card public-form",
            custom_attrs={"aria-labelledby": HEADING, **form_pastes()},
        ),
        class_name=rx.cond(Receipt.ticket, "new-page is-filed", "new-page"),
    )


def _from() -> rx.Component:
    """Returns the requester's fields, or in their space the person in whose name the ticket is
    filed. The fields stay in the page, where the form meets them."""
    is_known = Me.name != ""
    return rx.el.div(
        rx.el.div(requester(needs_address=Me.is_stranger), hidden=is_known),
        rx.cond(
            is_known,
            rx.el.p(
                rx.el.span("From ", class_name="quiet"),
                words(Me.name, dir="auto"),
                rx.el.span(" · ", class_name="quiet"),
                words(Me.email, dir="auto", class_name="quiet"),
            ),
        ),
        class_name="from",
    )


def _receipt() -> rx.Component:
    """Returns the number of the filed ticket, and the way back to it."""
    return rx.el.section(
        rx.fragment(on_mount=focus(RECEIPT), on_unmount=focus("title")),
        rx.el.p(icon("circle-check", 32), class_name="receipt-mark"),
        rx.el.h1(
            words(rx.Var.create("We have your ticket ").to(str) + Receipt.ticket.to_string()),
            id=RECEIPT,
            tab_index=-1,
        ),
        sent_files(),
        rx.cond(Receipt.is_signed, _signed_link(), _own_link()),
        rx.el.button(
            "Write another",
            type="button",
            on_click=[forget_files(), ReceiptFiles.forget, Receipt.put_away],
            class_name="button bare",
        ),
        class_name="card receipt",
        custom_attrs={"aria-labelledby": RECEIPT},
    )


def _signed_link() -> rx.Component:
    return rx.fragment(
        rx.el.p("Keep this link. Whoever has it reads our answers, and writes in your name."),
        rx.el.div(
            rx.el.input(
                id=LINK,
                value=_address(),
                read_only=True,
                class_name="input",
                custom_attrs={"aria-label": "Link to your ticket"},
            ),
            copy_button(_address(), Receipt.copied),
            class_name="receipt-link",
        ),
        rx.el.p(
            words(rx.cond(Receipt.is_copied, "Copied.", "")),
            role="status",
            class_name="small quiet",
        ),
        PlainLink.create("Open it", href=Receipt.address, class_name="button main-action"),
    )


def _own_link() -> rx.Component:
    return rx.fragment(
        rx.el.p("You find it among your tickets, with how far it is."),
        ReactRouterLink.create("Show it", to=Receipt.address, class_name="button main-action"),
    )


def _address() -> rx.Var[str]:
    """Returns the whole address of the link: without DESK_URL, as the browser reaches the desk."""
    origin = rx.Var("window.location.origin").to(str)
    return rx.cond(Receipt.address.startswith("/"), origin + Receipt.address, Receipt.address)
