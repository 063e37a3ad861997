"""One's own second factor: an authenticator app and recovery codes."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError, WrongCredentialsError
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.signing_in import second_factor
from ticket_app.state.acting import acting, client_address
from ticket_app.state.event_arguments import text_of
from ticket_app.state.people.account import Account
from ticket_app.state.service_calls import call_service
from ticket_app.theme import NAME
from ticket_app.vocabulary import CODE_TYPED_MAX, PASSWORD_MAX

SET_UP_PAGE = "/second-factor"
CODES = "recovery-codes"
"""The id of the recovery codes, which take the focus when they are shown."""
NOT_YOURS = "This is not your password."
WRONG_PROOF = "This is neither the password nor a code that works now."
R = TypeVar("R")


class SecondFactor(rx.State):
    """The section of /account, and the page /second-factor.

    `has_password` tells that setting an app up asks for the password. `secret` and `picture` are
    there while one is set up, `codes` after that until they are put away. `problem` and `told` say
    how the last act ended, `failed` why nothing could be read.
    """

    needs: ClassVar[Verb | None] = Verb.SET_UP_FACTOR

    loaded: bool = False
    is_set: bool = False
    is_needed: bool = False
    codes_left: int = 0
    has_password: bool = True
    secret: str = ""
    picture: str = ""
    codes: list[str] = []
    codes_file: str = ""
    is_copied: bool = False
    problem: str = ""
    told: str = ""
    failed: str = ""

    @rx.event
    async def load(self) -> None:
        """Reads whether one has a second factor."""
        self._forget()
        await self._read()

    @rx.event
    async def begin(self, data: dict[str, Any]) -> None:
        """Makes a secret and shows it, for the password if one has any."""
        self._forget()
        typed = text_of(dict(data).get("password"), 4 * PASSWORD_MAX)
        try:
            new = await second_factor.begin_factor(
                await acting(), NAME, typed, client_address(), ""
            )
        except TicketAppError as error:
            self._refuse(error, NOT_YOURS)
            return
        self.secret, self.picture = _in_groups(new.secret), new.qr_code

    @rx.event
    def cancel(self) -> None:
        """Puts the secret away."""
        self._forget()

    @rx.event
    async def confirm(self, data: dict[str, Any]) -> EventSpec | None:
        """Lets the secret count by a code of it, and shows the recovery codes."""
        code = text_of(dict(data).get("code"), CODE_TYPED_MAX)
        try:
            codes = await call_service(second_factor.confirm_factor, code)
        except TicketAppError as error:
            self.problem = error.detail
            return None
        await self._show(codes, "The second factor is set. Your other sessions have ended.")
        return Account.reread()

    @rx.event
    async def renew(self, data: dict[str, Any]) -> EventSpec | None:
        """Makes new recovery codes and shows them."""
        try:
            codes = await self._with_proof(second_factor.renew_codes, data)
        except TicketAppError as error:
            self._refuse(error)
            return None
        await self._show(
            codes, "The old recovery codes work no longer. Your other sessions have ended."
        )
        return Account.reread()

    @rx.event
    async def turn_off(self, data: dict[str, Any]) -> EventSpec | None:
        """Removes the second factor."""
        try:
            await self._with_proof(second_factor.turn_off, data)
        except TicketAppError as error:
            self._refuse(error)
            return None
        if self.is_needed:
            return rx.redirect(SET_UP_PAGE)
        self._forget()
        await self._read()
        self.told = "The second factor is off. Your other sessions have ended."
        return Account.reread()

    @rx.event
    def copied(self) -> None:
        """Says that the codes are in the clipboard."""
        self.is_copied = True

    @rx.event
    def put_away(self) -> None:
        """Hides the recovery codes for good."""
        self._forget()

    async def _with_proof(self, service: Callable[..., Awaitable[R]], data: dict[str, Any]) -> R:
        proof = text_of(dict(data).get("proof"), 4 * PASSWORD_MAX)
        return await service(await acting(), proof, client_address(), "")

    def _refuse(self, error: TicketAppError, wrong: str = WRONG_PROOF) -> None:
        self.told = ""
        self.problem = wrong if isinstance(error, WrongCredentialsError) else error.detail

    async def _show(self, codes: list[str], told: str) -> None:
        self._forget()
        await self._read()
        self.codes, self.told = codes, told
        self.codes_file = f"data:text/plain;charset=utf-8,{quote(_file_of(codes))}"

    def _forget(self) -> None:
        self.secret, self.picture, self.codes, self.codes_file = "", "", [], ""
        self.is_copied, self.problem, self.told = False, "", ""

    async def _read(self) -> None:
        try:
            found = await call_service(second_factor.own_factor)
        except TicketAppError as error:
            self.failed, self.loaded = error.detail, True
            return
        self.is_set, self.is_needed, self.codes_left, self.has_password = found
        self.failed, self.loaded = "", True


def _in_groups(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _file_of(codes: list[str]) -> str:
    lines = (f"Recovery codes of {NAME}. Each works once.", "", *codes, "")
    return "\r\n".join(lines)
