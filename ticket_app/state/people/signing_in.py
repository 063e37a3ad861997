"""What the address of the pages for signing in says: what went wrong, and where to go then."""

from collections.abc import Mapping
from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.services.people.accounts import invitations
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.tokens import TOKEN_LENGTHS
from ticket_app.state.event_arguments import text_of
from ticket_app.state.people import single_sign_on
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import PASSWORD_MIN

ADDRESS_LONGEST = 2_000
PROBLEMS: Mapping[str, str] = {
    "wrong": "The address or the password is wrong.",
    "wait": "Too many sign-ins have failed. Wait a few minutes, then try again.",
    "often": "You have signed in too often lately. Wait an hour, then try again.",
    "over": "This sign-in has ended: it takes five minutes at most, and five wrong codes. Sign in "
    "again.",
    "kept": "This browser is signed out. The desk could not end the session itself, because its "
    "database does not answer: end it on the page of your account at your next sign-in.",
    "busy": "The desk is busy. Try again in a few seconds.",
    "weak": f"Choose another password: at least {PASSWORD_MIN} characters, no common one, and not "
    "your name or address.",
    "ended": "This link has ended: each works once, and for a limited time. Ask an administrator "
    "of the desk for a new one.",
    **single_sign_on.PROBLEMS,
}
"""The sentence for each problem that a form's redirect names in the address."""


PROBLEMS_OF_CODES: Mapping[str, str] = {
    "code": "This code is wrong, has expired, or was used already. Type the next one of your app.",
    "wait": "Too many codes were wrong today. Sign in from where you are signed in already, ask an "
    "administrator of the desk for a new password, or wait until tomorrow.",
    "often": PROBLEMS["often"],
    "busy": PROBLEMS["busy"],
}


class SigningIn(rx.State):
    """The pages /sign-in and /sign-in/code. `following` is the address of this desk to go to
    afterwards."""

    needs: ClassVar[Verb | None] = None

    problem: str = ""
    following: str = ""

    @rx.event
    def load(self) -> None:
        """Reads the address."""
        query = self.router.url.query_parameters
        self.problem = PROBLEMS.get(text_of(query.get("problem"), 20), "")
        self.following = text_of(query.get("next"), ADDRESS_LONGEST)

    @rx.event
    def load_code(self) -> None:
        """Reads the address, as `load`, for the form of a code."""
        self.load()
        problem = text_of(self.router.url.query_parameters.get("problem"), 20)
        self.problem = PROBLEMS_OF_CODES.get(problem, "")


class Welcome(rx.State):
    """The page /welcome, where the holder of a link sets a password. `ready` tells that the link
    was looked up; `name` is empty if it does not work."""

    needs: ClassVar[Verb | None] = None

    ready: bool = False
    problem: str = ""
    token: str = ""
    name: str = ""
    email: str = ""

    @rx.event
    async def load(self) -> None:
        """Reads the address, and whose link it is."""
        query = self.router.url.query_parameters
        token = text_of(query.get("token"), max(TOKEN_LENGTHS))
        self.problem = PROBLEMS.get(text_of(query.get("problem"), 20), "")
        try:
            holder = await call_service(invitations.link_holder, token)
        except TicketAppError as error:
            self.problem, self.name, self.email, self.token = error.detail, "", "", ""
        else:
            self.token, self.name, self.email = token, holder.name, holder.email or ""
        self.ready = True
