"""One's own account: the name, the password, and where one is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError, TicketAppError
from ticket_app.schemas.people import SessionPublic
from ticket_app.services.people import sessions
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.signing_in import single_sign_on
from ticket_app.state.event_arguments import text_of
from ticket_app.state.people.browser_words import browser_words
from ticket_app.state.people.me import Me
from ticket_app.state.people.signing_in import PROBLEMS
from ticket_app.state.service_calls import call_service
from ticket_app.theme import ROLE_WORDS
from ticket_app.vocabulary import REQUESTER_NAME_MAX

WORDS_OF_PROBLEMS: Mapping[str, str] = PROBLEMS | {"wrong": "The current password is wrong."}
DONE = "The password is changed. All other sessions have ended."
HANDLE_LONGEST = 16
NAME_FIELD = "own-name"
"""The id of the field for one's name."""
HANDHELDS = ("iPhone", "iPad", "Android")


@dataclass(frozen=True)
class SessionRow:
    """A session as the page shows it. Times are in ISO 8601."""

    handle: str
    browser: str
    client_address: str
    created_at: str
    last_seen_at: str
    is_this: bool
    is_handheld: bool


class Account(rx.State):
    """The page /account. `problem` and `done` tell how a change of the password ended,
    `name_problem` and `name_told` how one of the name did, and `told` what became of sessions.
    `has_password` is False for someone who signs in by single sign-on alone. `failed` says why the
    account could not be read, or a session not be ended."""

    needs: ClassVar[Verb | None] = Verb.USE_ACCOUNT

    name: str = ""
    email: str = ""
    role: str = ""
    has_password: bool = True
    rows: list[SessionRow] = []
    loaded: bool = False
    problem: str = ""
    done: str = ""
    name_problem: str = ""
    name_told: str = ""
    failed: str = ""
    told: str = ""

    @rx.event
    async def load(self) -> EventSpec:
        """Reads the account, its sessions, and what the address says of the password."""
        query = self.router.url.query_parameters
        self.problem = WORDS_OF_PROBLEMS.get(text_of(query.get("problem"), 20), "")
        self.done = DONE if query.get("done") == "password" else ""
        self.told = self.name_told = self.name_problem = ""
        return await self._shown()

    @rx.event
    async def retry(self) -> EventSpec:
        """Reads it again after an error."""
        return await self._shown()

    @rx.event
    async def reread(self) -> None:
        """Reads it again after sessions have ended. What is typed in a field stays."""
        await self._read()

    @rx.event
    async def rename(self, data: dict[str, Any]) -> list[EventSpec]:
        """Changes one's name."""
        name = text_of(dict(data).get("name"), 2 * REQUESTER_NAME_MAX)
        try:
            person = await call_service(directory.rename_self, name)
        except TicketAppError as error:
            self.name_told, self.name_problem = "", sentence_of(error)
            return []
        self.name, self.name_problem = person.name, ""
        self.name_told = f"Your name is {person.name} now."
        return [rx.set_value(NAME_FIELD, person.name), Me.load()]

    @rx.event
    async def end_session(self, handle: str) -> None:
        """Ends one of the sessions. Its pages load anew, and need a sign-in."""
        try:
            await call_service(sessions.end_one_of_own, text_of(handle, HANDLE_LONGEST))
        except TicketAppError as error:
            self.told, self.failed = "", error.detail
            return
        await self._read()
        self.told = "That session has ended."

    @rx.event
    async def end_others(self) -> None:
        """Ends all sessions but this one."""
        try:
            person = await call_service(directory.me)
            await call_service(sessions.end_all, person.id)
        except TicketAppError as error:
            self.told, self.failed = "", error.detail
            return
        await self._read()
        self.told = "All other sessions have ended."

    async def _shown(self) -> EventSpec:
        await self._read()
        return rx.set_value(NAME_FIELD, self.name)

    async def _read(self) -> None:
        try:
            person = await call_service(directory.me)
            has_password = await call_service(single_sign_on.has_password)
            found = await call_service(sessions.own_sessions)
        except TicketAppError as error:
            self.failed, self.loaded = error.detail, True
            return
        self.name, self.email, self.role = person.name, person.email or "", ROLE_WORDS[person.role]
        self.has_password = has_password
        self.rows = [_row_of(each) for each in found]
        self.failed, self.loaded = "", True


def _row_of(session: SessionPublic) -> SessionRow:
    browser = browser_words(session.user_agent)
    return SessionRow(
        session.handle,
        browser,
        session.client_address,
        session.created_at.isoformat(),
        session.last_seen_at.isoformat(),
        session.is_this,
        browser.endswith(HANDHELDS),
    )


def sentence_of(error: TicketAppError) -> str:
    """Returns what an error tells a person beside the one field that it is about."""
    if isinstance(error, InvalidInputError):
        return " ".join(problem.message for problem in error.problems)
    return error.detail
