"""One's own second factor: set up by a picture, confirmed by a code, with recovery codes."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.clipboard import copy_button
from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.native_form import post_form
from ticket_app.components.browser.words import words
from ticket_app.components.frame import PlainLink
from ticket_app.components.people.fields import field
from ticket_app.components.people.outcome import outcome
from ticket_app.components.people.password_link import take_focus
from ticket_app.components.people.signing_in import code_field
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.state.people.second_factor import CODES, SecondFactor
from ticket_app.vocabulary import PASSWORD_MAX

HEADING, GO_ON = "factor-heading", "go-on"
"""The ids of what takes the focus when the control that had it is gone."""


def factor_section() -> rx.Component:
    """Returns the section of the page of one's account."""
    return rx.el.section(
        rx.el.h2("Second factor", id=HEADING, tab_index=-1),
        _content(),
        class_name="card account-part factor",
        custom_attrs={"aria-labelledby": HEADING},
    )


def required_factor() -> rx.Component:
    """Returns the content of the page for someone who needs one to go on."""
    return rx.fragment(
        rx.cond(
            SecondFactor.is_needed & ~SecondFactor.is_set,
            rx.el.p("Your role needs a second factor. Set one up to go on.", class_name="quiet"),
        ),
        _content(),
        rx.cond(
            SecondFactor.is_set & (SecondFactor.codes.length() == 0),
            rx.fragment(
                take_focus(element_id=GO_ON),
                PlainLink.create(
                    "Go on to the desk", href="/", id=GO_ON, class_name="button main-action"
                ),
            ),
        ),
        post_form(
            "/api/sign-out", rx.el.button("Sign out", type="submit", class_name="button bare")
        ),
    )


def _content() -> rx.Component:
    return rx.fragment(
        problem(SecondFactor.failed, SecondFactor.load),
        rx.cond(
            SecondFactor.loaded,
            rx.cond(
                SecondFactor.codes.length() > 0,
                _codes(),
                rx.cond(
                    SecondFactor.secret,
                    _set_up(),
                    rx.cond(SecondFactor.is_set, _is_on(), _is_off()),
                ),
            ),
            rx.el.div(skeleton(1, "ghost-session")),
        ),
        outcome(SecondFactor.problem, SecondFactor.told, id="factor-outcome"),
    )


def _is_off() -> rx.Component:
    return rx.fragment(
        # The form that turned it off had the focus, and is gone.
        rx.cond(SecondFactor.told, take_focus(element_id=HEADING)),
        rx.el.p(
            "With one, a password alone lets nobody in: the desk also asks for a code that an app "
            "on your phone shows.",
            class_name="quiet",
        ),
        rx.cond(
            SecondFactor.has_password,
            rx.el.form(
                field(
                    "factor-password",
                    "Your password",
                    name="password",
                    type="password",
                    required=True,
                    auto_complete="current-password",
                    max_length=4 * PASSWORD_MAX,
                    custom_attrs={"aria-describedby": "factor-outcome"},
                ),
                rx.el.div(rx.el.button("Set up", type="submit", class_name="button")),
                on_submit=SecondFactor.begin,
                reset_on_submit=True,
                class_name="fields",
                custom_attrs={"aria-label": "Set up a second factor"},
            ),
            rx.el.div(
                rx.el.button(
                    "Set up", type="button", on_click=SecondFactor.begin({}), class_name="button"
                ),
            ),
        ),
    )


def _set_up() -> rx.Component:
    return rx.fragment(
        rx.el.p("Scan this with your authenticator app, or type the secret in there."),
        rx.el.img(
            src=SecondFactor.picture,
            alt="QR code of the secret",
            width="200",
            height="200",
            class_name="qr-code",
        ),
        rx.el.div(
            rx.el.code(words(SecondFactor.secret), id="factor-secret", class_name="secret"),
            class_name="link-line",
        ),
        rx.el.form(
            code_field("Code of the app", "factor-outcome"),
            take_focus(element_id="code"),
            rx.el.div(
                rx.el.button("Confirm", type="submit", class_name="button main-action"),
                rx.el.button(
                    "Cancel",
                    type="button",
                    on_click=[focus(HEADING), SecondFactor.cancel],
                    class_name="button bare",
                ),
                class_name="factor-acts",
            ),
            on_submit=SecondFactor.confirm,
            class_name="fields",
            custom_attrs={"aria-label": "Confirm the second factor"},
        ),
    )


def _codes() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Keep these recovery codes where you find them without your phone. Each lets you in "
            "once. They are shown only now.",
        ),
        rx.el.ul(
            rx.foreach(
                SecondFactor.codes, lambda code: rx.el.li(rx.el.code(words(code)), key=code)
            ),
            take_focus(element_id=CODES),
            id=CODES,
            tab_index=-1,
            class_name="recovery-codes",
            custom_attrs={"aria-label": "Recovery codes"},
        ),
        rx.el.div(
            copy_button(SecondFactor.codes.join("\n"), SecondFactor.copied),
            PlainLink.create(
                rx.el.span("Download"),
                href=SecondFactor.codes_file,
                class_name="button",
                custom_attrs={"download": "recovery-codes.txt"},
            ),
            rx.el.button(
                "Done",
                type="button",
                on_click=[focus(HEADING), SecondFactor.put_away],
                class_name="button main-action",
            ),
            class_name="factor-acts",
        ),
        rx.el.p(
            words(rx.cond(SecondFactor.is_copied, "Copied.", "")),
            role="status",
            class_name="small quiet",
        ),
    )


def _is_on() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            rx.el.span("It is on. Recovery codes left: "),
            rx.el.b(words(SecondFactor.codes_left.to_string(), id="codes-left")),
        ),
        _with_proof("New recovery codes", "renew", "Make new codes", SecondFactor.renew),
        _with_proof("Turn it off", "turn-off", "Turn off", SecondFactor.turn_off),
    )


def _with_proof(summary: str, name: str, word: str, on_submit: Any) -> rx.Component:
    """Returns a form that opens, for an act that needs the password or a code."""
    return rx.el.details(
        rx.el.summary(summary, class_name="button"),
        rx.el.form(
            field(
                f"{name}-proof",
                "Your password, or a code of the app",
                name="proof",
                type="password",
                required=True,
                auto_complete="current-password",
                max_length=4 * PASSWORD_MAX,
                custom_attrs={"aria-describedby": "factor-outcome"},
            ),
            rx.el.div(rx.el.button(word, type="submit", class_name="button")),
            on_submit=on_submit,
            reset_on_submit=True,
            class_name="fields",
            custom_attrs={"aria-label": summary},
        ),
        class_name="factor-act",
    )
