"""API tokens: one's own on the page of the account, and those of others for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError, TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.people import TokenCreate, TokenPublic
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.people.account import sentence_of
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import TOKEN_NAME_MAX

NAME_FIELD = "token-name"
"""The id of the field for the name of a new token."""
FORM_LONGEST = 2 * TOKEN_NAME_MAX


@dataclass(frozen=True)
class TokenRow:
    """A token as a page shows it. Times are in ISO 8601, and empty if there is none."""

    id: int
    name: str
    scope: str
    expires_at: str
    last_used_at: str
    has_expired: bool


class Tokens(rx.State):
    """One's own tokens. `made` is a new one, which is shown this once."""

    needs: ClassVar[Verb | None] = Verb.USE_ACCOUNT

    rows: list[TokenRow] = []
    loaded: bool = False
    made: str = ""
    is_copied: bool = False
    told: str = ""
    problem: str = ""

    @rx.event
    async def load(self) -> None:
        """Reads the tokens."""
        self.made, self.is_copied, self.told, self.problem = "", False, "", ""
        await self._read()

    @rx.event
    async def make(self, data: dict[str, Any]) -> EventSpec | None:
        """Makes a token."""
        given = dict(data)
        values = {name: text_of(given.get(name), FORM_LONGEST) for name in ("name", "scope")}
        days = text_of(given.get("days"), FORM_LONGEST)
        self.made, self.is_copied, self.told, self.problem = "", False, "", ""
        try:
            new = parse(TokenCreate, values | {"days": int(days) if _is_number(days) else days})
            made = await call_service(issuing.make_own_token, new)
        except InvalidInputError as error:
            self.problem = sentence_of(error)
            return None
        except TicketAppError as error:
            self.problem = error.detail
            return None
        await self._read()
        self.made = made.token
        return rx.set_value(NAME_FIELD, "")

    @rx.event
    async def revoke(self, token_id: int) -> None:
        """Ends a token."""
        self.told, self.problem = "", ""
        try:
            await call_service(issuing.revoke_own_token, number_of(token_id))
        except TicketAppError as error:
            self.problem = error.detail
            return
        await self._read()
        self.told = "That token has ended."

    @rx.event
    def copied(self) -> None:
        """Says that the token is in the clipboard."""
        self.is_copied = True

    @rx.event
    def put_away(self) -> None:
        """Hides the new token."""
        self.made, self.is_copied = "", False

    async def _read(self) -> None:
        try:
            self.rows = _rows_of(await call_service(issuing.own_tokens))
        except TicketAppError as error:
            self.problem = error.detail
        self.loaded = True


class PersonTokens(rx.State):
    """The tokens of the person `of`, whom an administrator has chosen on the page of people."""

    needs: ClassVar[Verb | None] = Verb.MANAGE_TOKENS

    of: int = 0
    rows: list[TokenRow] = []
    told: str = ""
    problem: str = ""

    @rx.event
    async def show(self, person_id: int) -> None:
        """Lists the tokens of a person, or hides them if they are shown."""
        chosen = number_of(person_id)
        self.of, self.rows, self.told, self.problem = chosen * (chosen != self.of), [], "", ""
        if self.of:
            await self._read()

    @rx.event
    async def revoke(self, token_id: int) -> None:
        """Ends a token of that person."""
        self.told, self.problem = "", ""
        try:
            await call_service(issuing.revoke_token_of, self.of, number_of(token_id))
        except TicketAppError as error:
            self.problem = error.detail
            return
        await self._read()
        self.told = "That token has ended."

    async def _read(self) -> None:
        try:
            self.rows = _rows_of(await call_service(issuing.tokens_of, self.of))
        except TicketAppError as error:
            self.problem = error.detail


def _rows_of(tokens: Sequence[TokenPublic]) -> list[TokenRow]:
    now = datetime.now(UTC)
    return [
        TokenRow(
            each.id,
            each.name,
            each.scope,
            each.expires_at.isoformat(),
            each.last_used_at.isoformat() if each.last_used_at else "",
            each.expires_at <= now,
        )
        for each in tokens
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len("365")
