"""API tokens: one's own on the page of the account, and those of a person for administrators."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.times import ago, on_day
from ticket_app.components.browser.words import words
from ticket_app.components.people.fields import field
from ticket_app.components.people.outcome import outcome
from ticket_app.components.people.password_link import shown_once
from ticket_app.components.placeholders import skeleton
from ticket_app.schemas.people import TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX
from ticket_app.state.people.account import Account
from ticket_app.state.people.tokens import NAME_FIELD, PersonTokens, TokenRow, Tokens
from ticket_app.theme import ROLE_WORDS, SCOPE_WORDS
from ticket_app.vocabulary import TOKEN_NAME_MAX, Role, TokenScope

HEADING, NEW, OF_PERSON = "tokens", "new-token", "tokens-of"
"""The ids of the headings, which take the focus when a token ends, and of a new token."""


def own_tokens() -> rx.Component:
    """Returns one's own tokens, and the form for a new one."""
    return rx.el.section(
        rx.el.h2("API tokens", id=HEADING, tab_index=-1),
        rx.el.p("A program sends one instead of a password.", class_name="quiet small"),
        _form(),
        rx.cond(Tokens.made, _made()),
        rx.cond(
            Tokens.loaded,
            rx.el.ul(
                rx.foreach(Tokens.rows, lambda token: _token(token, HEADING, Tokens.revoke)),
                class_name="sessions",
            ),
            skeleton(1, "ghost-session"),
        ),
        class_name="card account-part",
        custom_attrs={"aria-labelledby": HEADING},
    )


def tokens_of_person() -> rx.Component:
    """Returns the tokens of the person whom an administrator has chosen."""
    return rx.el.div(
        rx.el.h3("API tokens", id=OF_PERSON, tab_index=-1, class_name="small quiet"),
        outcome(PersonTokens.problem, PersonTokens.told),
        rx.cond(
            PersonTokens.rows.length() > 0,
            rx.el.ul(
                rx.foreach(
                    PersonTokens.rows,
                    lambda token: _token(token, OF_PERSON, PersonTokens.revoke),
                ),
                class_name="sessions",
            ),
            rx.cond(PersonTokens.problem, rx.fragment(), rx.el.p("No API tokens.")),
        ),
        class_name="person-tokens",
    )


def _form() -> rx.Component:
    scopes = [
        rx.el.option(SCOPE_WORDS[scope], value=scope.value)
        for scope in (TokenScope.READ, TokenScope.WRITE)
    ]
    admin = rx.el.option(SCOPE_WORDS[TokenScope.ADMIN], value=TokenScope.ADMIN.value)
    return rx.el.form(
        field(
            NAME_FIELD,
            "What it is for",
            name="name",
            required=True,
            auto_complete="off",
            max_length=TOKEN_NAME_MAX,
            dir="auto",
        ),
        rx.el.div(
            rx.el.label("It may", html_for="token-scope"),
            rx.el.select(
                *scopes,
                rx.cond(Account.role == ROLE_WORDS[Role.ADMINISTRATOR], admin),
                id="token-scope",
                name="scope",
                default_value=TokenScope.READ.value,
            ),
            class_name="field",
        ),
        field(
            "token-days",
            "Days until it expires",
            name="days",
            type="number",
            min=1,
            max=TOKEN_DAYS_MAX,
            required=True,
            default_value=str(TOKEN_DAYS_DEFAULT),
        ),
        rx.el.div(
            rx.el.button("Make a token", type="submit", class_name="button"),
            outcome(Tokens.problem, Tokens.told),
            class_name="with-outcome",
        ),
        on_submit=Tokens.make,
        class_name="fields",
    )


def _made() -> rx.Component:
    """Returns a new token, which takes the focus."""
    return shown_once(
        "Your new token",
        element_id=NEW,
        value=Tokens.made,
        copied=(Tokens.is_copied, Tokens.copied),
        rule="It is shown only now. Keep it as a password.",
        on_done=[focus(HEADING), Tokens.put_away],
    )


def _token(token: rx.Var[TokenRow], heading: str, revoke: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.b(words(token.name, dir="auto")),
                rx.el.span(
                    rx.match(
                        token.scope,
                        *((each.value, word) for each, word in SCOPE_WORDS.items()),
                        token.scope,
                    ),
                    class_name="tag",
                ),
                class_name="session-name",
            ),
            rx.el.p(
                rx.el.span(
                    words(rx.cond(token.has_expired, "expired ", "expires ")),
                    on_day(token.expires_at),
                ),
                rx.cond(
                    token.last_used_at,
                    rx.el.span(rx.el.span("last used "), ago(token.last_used_at)),
                    rx.el.span("never used"),
                ),
                class_name="quiet small session-facts",
            ),
            class_name="session-words",
        ),
        rx.el.button(
            "Revoke",
            type="button",
            on_click=[focus(heading), revoke(token.id)],
            class_name="button low",
            custom_attrs={"aria-label": "Revoke the token " + token.name},
        ),
        key=token.id,
        class_name="session",
    )
