"""One's own account: who one is, the password, and where one is signed in."""

import reflex as rx

from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.native_form import post_form
from ticket_app.components.browser.times import ago, on_day
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.people.dates import dates_choice
from ticket_app.components.people.fields import field
from ticket_app.components.people.outcome import outcome
from ticket_app.components.people.second_factor import factor_section
from ticket_app.components.people.signing_in import name_for_the_browser, new_password
from ticket_app.components.people.tokens import own_tokens
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.state.people.account import NAME_FIELD, Account, SessionRow
from ticket_app.vocabulary import PASSWORD_MAX, REQUESTER_NAME_MAX

SESSIONS = "sessions"
"""The id of the heading that takes the focus when a session ends, whose button goes with it."""


def account() -> rx.Component:
    """Returns the page. What went wrong is told beside the button, where room is reserved."""
    return rx.fragment(
        rx.el.h1("Your account"),
        rx.el.p(
            words(Account.email, dir="auto"),
            rx.cond(Account.role, words(rx.Var.create(" · ").to(str) + Account.role)),
            class_name="quiet account-of",
        ),
        problem(Account.failed, Account.retry),
        _name(),
        rx.cond(Account.has_password, rx.fragment(_password(), factor_section()), _no_password()),
        _sessions(),
        own_tokens(),
        _dates(),
    )


def _dates() -> rx.Component:
    return rx.el.section(
        rx.el.h2("In this browser", id="browser-heading"),
        dates_choice(),
        class_name="card account-part",
        custom_attrs={"aria-labelledby": "browser-heading"},
    )


def _name() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Name", id="name-heading"),
        rx.el.form(
            field(
                NAME_FIELD,
                "Your name",
                name="name",
                required=True,
                auto_complete="name",
                max_length=REQUESTER_NAME_MAX,
                dir="auto",
                custom_attrs={"aria-describedby": "name-outcome"},
            ),
            _button("Save the name", Account.name_problem, Account.name_told, "name-outcome"),
            on_submit=Account.rename,
            class_name="fields",
        ),
        class_name="card account-part",
        custom_attrs={"aria-labelledby": "name-heading"},
    )


def _password() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Password", id="password-heading"),
        post_form(
            "/api/account/password",
            name_for_the_browser(Account.email),
            field(
                "current",
                "Current password",
                type="password",
                required=True,
                auto_complete="current-password",
                max_length=4 * PASSWORD_MAX,
            ),
            new_password(),
            _button("Change the password", Account.problem, Account.done, "password-outcome"),
            class_name="fields",
        ),
        class_name="card account-part",
        custom_attrs={"aria-labelledby": "password-heading"},
    )


def _no_password() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Password", id="password-heading"),
        rx.el.p(
            "You sign in by single sign-on. There is no password here to change, and a second "
            "factor is set up at its provider."
        ),
        class_name="card account-part",
        custom_attrs={"aria-labelledby": "password-heading"},
    )


def _button(word: str, wrong: rx.Var[str], done: rx.Var[str], outcome_id: str) -> rx.Component:
    """Returns the button of a form, and beside it how the last press ended."""
    return rx.el.div(
        rx.el.button(word, type="submit", class_name="button"),
        outcome(wrong, done, id=outcome_id),
        class_name="with-outcome",
    )


def _sessions() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Where you are signed in", id=SESSIONS, tab_index=-1),
            rx.cond(
                Account.rows.length() > 1,
                rx.el.button(
                    "End others",
                    type="button",
                    on_click=[focus(SESSIONS), Account.end_others],
                    class_name="button low",
                ),
            ),
            class_name="between sessions-head",
        ),
        rx.el.p(
            words(Account.told, dir="auto"), role="status", class_name="quiet small sessions-told"
        ),
        rx.cond(
            Account.loaded,
            rx.el.ul(rx.foreach(Account.rows, _session), class_name="sessions"),
            rx.el.div(skeleton(2, "ghost-session")),
        ),
        class_name="card account-part",
        custom_attrs={"aria-labelledby": SESSIONS},
    )


def _session(session: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(session.is_handheld, icon("smartphone", 20), icon("monitor", 20)),
            class_name="quiet",
        ),
        rx.el.div(
            rx.el.p(
                rx.el.b(words(session.browser)),
                rx.cond(session.is_this, rx.el.span("This browser", class_name="tag new")),
                class_name="session-name",
            ),
            rx.el.p(
                words(session.client_address, class_name="number"),
                rx.el.span(rx.el.span("signed in "), on_day(session.created_at)),
                rx.cond(
                    session.is_this,
                    rx.fragment(),
                    rx.el.span(rx.el.span("last seen "), ago(session.last_seen_at)),
                ),
                class_name="quiet small session-facts",
            ),
            class_name="session-words",
        ),
        rx.cond(
            session.is_this,
            rx.fragment(),
            rx.el.button(
                "End",
                type="button",
                on_click=[focus(SESSIONS), Account.end_session(session.handle)],
                class_name="button low",
                custom_attrs={"aria-label": "End the session of " + session.browser},
            ),
        ),
        key=session.handle,
        class_name="session",
    )
