"""The forms of the pages for signing in: one card on an empty page."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.focus import CONTENT
from ticket_app.components.browser.native_form import post_form
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.people.fields import field
from ticket_app.components.people.single_sign_on import single_sign_on
from ticket_app.state.people.signing_in import SigningIn, Welcome
from ticket_app.theme import NAME
from ticket_app.vocabulary import CODE_TYPED_MAX, PASSWORD_MAX, PASSWORD_MIN, REQUESTER_EMAIL_MAX


def alone(title: str, *content: rx.Component) -> rx.Component:
    """Returns a page without places: the desk's name, a heading and the content in one card."""
    return rx.el.div(
        rx.el.main(
            rx.el.p(icon("life-buoy", 20), rx.el.span(NAME), class_name="desk-name"),
            rx.el.div(rx.el.h1(title), *content, _without_scripts(), class_name="card alone"),
            id=CONTENT,
        ),
        class_name="alone-page",
    )


def _without_scripts() -> rx.Component:
    """Returns what a browser shows that runs no scripts. The page's sentences come with them."""
    return rx.el.noscript(
        "Without scripts this page cannot say what went wrong, nor look a link up. Signing in "
        "works: if you are here again, the address or the password was wrong, or too many have "
        "failed."
    )


def sign_in_form() -> rx.Component:
    """Returns the form of /sign-in. What went wrong comes last, so that it moves nothing."""
    return rx.fragment(
        rx.el.p(
            rx.el.span("No account? ", class_name="quiet"),
            ReactRouterLink.create("Write to the desk without one", to="/new"),
            class_name="small below-heading",
        ),
        post_form(
            "/api/sign-in",
            field(
                "email",
                "E-mail",
                required=True,
                type="email",
                auto_complete="username",
                max_length=REQUESTER_EMAIL_MAX,
                auto_focus=True,
            ),
            field(
                "password",
                "Password",
                required=True,
                type="password",
                auto_complete="current-password",
                max_length=4 * PASSWORD_MAX,
            ),
            _hidden("next", SigningIn.following),
            rx.el.button("Sign in", type="submit", class_name="button main-action"),
            class_name="fields",
        ),
        single_sign_on(),
        _problem(SigningIn.problem),
    )


def code_form() -> rx.Component:
    """Returns the forms of /sign-in/code, which also work before its scripts have come.

    A recovery code has a form of its own: a phone shows digits alone for the other field.
    """
    return rx.fragment(
        rx.el.p(
            "Type the six digits that your authenticator app shows for this desk.",
            id="code-rule",
            class_name="quiet",
        ),
        _code_post(
            code_field("Code", "code-rule", auto_focus=True),
            rx.el.button("Go on", type="submit", class_name="button main-action"),
        ),
        _problem(SigningIn.problem),
        rx.el.details(
            rx.el.summary("Your app is not at hand?", class_name="button bare"),
            _code_post(
                field(
                    "recovery-code",
                    "Recovery code",
                    name="code",
                    required=True,
                    auto_complete="off",
                    max_length=CODE_TYPED_MAX,
                    spell_check=False,
                    custom_attrs={"autoCapitalize": "none"},
                ),
                rx.el.button("Use the recovery code", type="submit", class_name="button"),
            ),
            class_name="recovery",
        ),
        ReactRouterLink.create("Sign in as somebody else", to="/sign-in", class_name="small"),
    )


def _code_post(*fields: rx.Component) -> rx.Component:
    return post_form(
        "/api/sign-in/code",
        *fields,
        _hidden("next", SigningIn.following),
        class_name="fields",
    )


def code_field(word: str, described_by: str, **props: Any) -> rx.Component:
    """Returns the field of a code of an authenticator app."""
    return field(
        "code",
        word,
        required=True,
        auto_complete="one-time-code",
        input_mode="numeric",
        max_length=CODE_TYPED_MAX,
        custom_attrs={"aria-describedby": described_by},
        **props,
    )


def welcome_form() -> rx.Component:
    """Returns the form of /welcome: nothing but the problem if the link does not work."""
    return rx.cond(
        Welcome.token,
        rx.fragment(_for_whom(), _first_password(), _problem(Welcome.problem)),
        rx.cond(
            Welcome.ready,
            rx.fragment(
                _problem(Welcome.problem),
                ReactRouterLink.create("Go to the sign-in", to="/sign-in", class_name="button"),
            ),
            rx.el.p("Looking up your link…", class_name="quiet"),
        ),
    )


def _for_whom() -> rx.Component:
    return rx.el.p(
        rx.el.span("For ", class_name="quiet"),
        words(Welcome.name, dir="auto"),
        rx.el.span(" · ", class_name="quiet"),
        words(Welcome.email, dir="auto", class_name="quiet"),
    )


def _first_password() -> rx.Component:
    return post_form(
        "/api/password",
        name_for_the_browser(Welcome.email),
        new_password(),
        _hidden("token", Welcome.token),
        rx.el.button("Set the password", type="submit", class_name="button main-action"),
        class_name="fields",
    )


def new_password() -> rx.Component:
    """Returns the field for a new password, with its rule."""
    return field(
        "password",
        "New password",
        rx.el.p(
            f"At least {PASSWORD_MIN} characters. A few words are good; no other rules.",
            id="password-rule",
            class_name="small quiet",
        ),
        type="password",
        required=True,
        auto_complete="new-password",
        min_length=PASSWORD_MIN,
        max_length=4 * PASSWORD_MAX,
        custom_attrs={"aria-describedby": "password-rule"},
    )


def name_for_the_browser(email: rx.Var[str]) -> rx.Component:
    """Returns the address in a field that a password manager reads and nobody sees."""
    return rx.el.input(
        name="email",
        type="email",
        value=email,
        read_only=True,
        auto_complete="username",
        hidden=True,
        custom_attrs={"aria-label": "E-mail"},
    )


def _hidden(name: str, value: rx.Var[str]) -> rx.Component:
    return rx.el.input(type="hidden", name=name, value=value, read_only=True)


def _problem(sentence: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.cond(sentence, rx.el.p(words(sentence, dir="auto"), class_name="problem-box")),
        role="alert",
    )
