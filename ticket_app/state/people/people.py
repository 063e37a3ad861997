"""The people of the desk, for administrators: search, invite, roles, and the end of an account."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.people import PersonPublic
from ticket_app.services.people import assignees, links, sessions
from ticket_app.services.people.accounts import directory, invitations, rights
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.signing_in import second_factor
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.people.account import sentence_of
from ticket_app.state.service_calls import call_service
from ticket_app.theme import ROLE_WORDS
from ticket_app.vocabulary import REQUESTER_EMAIL_MAX, REQUESTER_NAME_MAX, SEARCH_MAX, Role

SEARCH_FIELD = "search-people"
"""The id of the search's field."""
INVITED_EMAIL, INVITED_NAME = "invited-email", "invited-name"
"""The ids of the fields of an invitation."""
ROWS_MAX = 1_000
"""People on one page. A search narrows them."""


@dataclass(frozen=True)
class PersonRow:
    """A person as the page shows them. `state` is in words."""

    id: int
    name: str
    email: str
    role: str
    role_value: str
    state: str
    active: bool
    has_second_factor: bool


INVITED = "Invited"
NO_ROW = PersonRow(0, "This person", "", "", "", "", False, False)


class People(rx.State):
    """The page /people. `link` is a link for a password, shown once, of the person `link_of`; it
    stands at the row `link_at`, or at the invitation (0).

    `hand_to` is the number of the agent who gets the open tickets of those who leave the team, one
    of `heirs`; it is empty for nobody.

    `told` and `problem` say how the last act on the row `at` ended, `invite_problem` why there was
    no invitation, and `failed` why the list could not be read.
    """

    needs: ClassVar[Verb | None] = Verb.MANAGE_PEOPLE

    rows: list[PersonRow] = []
    heirs: list[tuple[str, str]] = []
    hand_to: str = ""
    search: str = ""
    more: bool = False
    full: bool = False
    """True if further people exist and the page lists as many as it can."""
    loaded: bool = False
    link: str = ""
    link_of: str = ""
    link_at: int = 0
    is_copied: bool = False
    at: int = 0
    told: str = ""
    problem: str = ""
    invite_problem: str = ""
    failed: str = ""

    @rx.event
    async def load(self) -> EventSpec:
        """Reads the first people."""
        self._forget()
        await self._read()
        await self._read_heirs()
        return rx.set_value(SEARCH_FIELD, self.search)

    @rx.event
    async def retry(self) -> None:
        """Reads them again after an error."""
        await self._read()

    @rx.event
    async def find(self, data: dict[str, Any]) -> None:
        """Searches by name or address."""
        await self._search(dict(data).get("person"))

    @rx.event
    async def seek(self, typed: str) -> None:
        """As `find`, while one types."""
        await self._search(typed)

    @rx.event
    async def show_all(self) -> EventSpec:
        """Ends the search."""
        await self._search("")
        return rx.set_value(SEARCH_FIELD, "")

    @rx.event
    async def load_more(self) -> None:
        """Appends a page of people, up to ROWS_MAX."""
        if self.more and self.rows:
            await self._read(after=self.rows[-1].id)

    @rx.event
    async def invite(self, data: dict[str, Any]) -> list[EventSpec]:
        """Makes a link by which a person gets an account of this role."""
        given = dict(data)
        email = text_of(given.get("email"), 2 * REQUESTER_EMAIL_MAX)
        name = text_of(given.get("name"), 2 * REQUESTER_NAME_MAX)
        role = given.get("role")
        if role not in tuple(Role):
            return []
        self._forget()
        try:
            token = await call_service(invitations.invite, email, name or None, Role(role))
            await self._show_link(token, of=email.strip(), at=0)
        except TicketAppError as error:
            self.invite_problem = sentence_of(error)
            return []
        await self._read()
        return [rx.set_value(INVITED_EMAIL, ""), rx.set_value(INVITED_NAME, "")]

    @rx.event
    async def new_link(self, person_id: int) -> None:
        """Makes a link by which a person sets a new password."""
        row = self._begin(person_id)
        try:
            token = await call_service(invitations.reset, self.at)
            await self._show_link(token, of=row.email or row.name, at=self.at)
        except TicketAppError as error:
            self.problem = error.detail
            return
        if row.state != "Active":
            self._put(replace(row, state=INVITED))

    @rx.event
    def choose_heir(self, person_id: str) -> None:
        """Chooses who gets the open tickets of those who leave the team from now on."""
        if person_id in ("", *(number for number, _ in self.heirs)):
            self.hand_to = person_id

    @rx.event
    async def change_role(self, person_id: int, role: str) -> None:
        """Changes a role. The person's sessions end."""
        if role not in tuple(Role):
            return
        heir = self._heir(person_id, leaves=role == Role.REQUESTER)
        row = await self._change(person_id, rights.change_role, Role(role), heir)
        if row is not None:
            self.told = f"{row.name} is {row.role} now, and has to sign in again."

    @rx.event
    async def set_active(self, person_id: int, active: bool) -> None:
        """Deactivates a person, whose sessions end, or activates them again."""
        heir = self._heir(person_id, leaves=active is not True)
        row = await self._change(person_id, rights.set_active, active is True, heir)
        if row is not None:
            self.told = (
                f"{row.name} may sign in again."
                if row.active
                else f"{row.name} is signed out everywhere, and their link has ended."
            )

    @rx.event
    async def end_sessions(self, person_id: int) -> None:
        """Ends all sessions of a person but the one of this page."""
        row = self._begin(person_id)
        try:
            await call_service(sessions.end_all, self.at)
        except TicketAppError as error:
            self.problem = error.detail
            return
        self.told = f"{row.name} is signed out everywhere else than on this page."

    @rx.event
    async def remove_factor(self, person_id: int) -> None:
        """Removes the second factor of another person. Their sessions end."""
        row = self._begin(person_id)
        try:
            await call_service(second_factor.remove_factor, self.at)
        except TicketAppError as error:
            self.problem = error.detail
            return
        without = replace(row, has_second_factor=False)
        self.rows = [without if each.id == row.id else each for each in self.rows]
        self.told = f"{row.name} signs in by the password alone, and is signed out everywhere."

    @rx.event
    def copied(self) -> None:
        """Says that the link is in the clipboard."""
        self.is_copied = True

    @rx.event
    def put_away(self) -> None:
        """Hides the link."""
        self._forget()

    def _heir(self, person_id: Any, *, leaves: bool) -> int | None:
        """Returns who gets the open tickets of a person; None for nobody. Requesters have none."""
        row = next((each for each in self.rows if each.id == person_id), NO_ROW)
        had_tickets = row.active and row.role_value != Role.REQUESTER
        is_another = self.hand_to not in ("", str(row.id))
        return int(self.hand_to) if leaves and had_tickets and is_another else None

    async def _read_heirs(self) -> None:
        """Reads who may be chosen. The choice ends if that one has left."""
        try:
            found = await call_service(assignees.assignable_people)
        except TicketAppError as error:
            self.failed = error.detail
            return
        self.heirs = [(str(each.id), each.name) for each in found]
        if self.hand_to not in (number for number, _ in self.heirs):
            self.hand_to = ""

    def _begin(self, person_id: Any) -> PersonRow:
        """Begins an act on a row; returns the row, or an empty one if the page shows none."""
        self._forget()
        self.at = number_of(person_id)
        return next((row for row in self.rows if row.id == self.at), NO_ROW)

    def _forget(self) -> None:
        """Puts away the link and what the last acts said."""
        self.link, self.link_of, self.link_at, self.is_copied = "", "", 0, False
        self.at, self.told, self.problem, self.invite_problem = 0, "", "", ""

    async def _show_link(self, token: str, *, of: str, at: int) -> None:
        self.link = await call_service(links.password_link, token)
        self.link_of, self.link_at = of, at

    async def _change(self, person_id: Any, service: Any, *given: Any) -> PersonRow | None:
        """Changes a person and their row; returns None if that failed."""
        self._begin(person_id)
        try:
            changed: PersonPublic = await call_service(service, self.at, *given)
        except TicketAppError as error:
            self.problem = sentence_of(error)
            # The browser's select shows what was chosen: the old value is sent again.
            self.rows = list(self.rows)
            return None
        row = _row_of(changed)
        self._put(row)
        await self._read_heirs()
        return row

    def _put(self, row: PersonRow) -> None:
        self.rows = [row if each.id == row.id else each for each in self.rows]

    async def _search(self, typed: Any) -> None:
        search = text_of(typed, SEARCH_MAX).strip()
        if search != self.search or self.failed:
            self.search = search
            self._forget()
            await self._read()

    async def _read(self, after: int = 0) -> None:
        try:
            found = await call_service(directory.list_people, after, self.search)
        except TicketAppError as error:
            self.failed, self.loaded = error.detail, True
            return
        rows = [_row_of(each) for each in found]
        self.rows = [*self.rows, *rows] if after else rows
        goes_on = len(found) == directory.PAGE_MAX
        self.more = goes_on and len(self.rows) < ROWS_MAX
        self.full = goes_on and not self.more
        self.failed, self.loaded = "", True


def _state_of(person: PersonPublic) -> str:
    if not person.active:
        return "Deactivated"
    if person.has_account:
        return "Active"
    if person.is_invited(datetime.now(UTC)):
        return INVITED
    return "No account" if person.role is Role.REQUESTER else "Invitation ended"


def _row_of(person: PersonPublic) -> PersonRow:
    return PersonRow(
        person.id,
        person.name,
        person.email or "",
        ROLE_WORDS[person.role],
        person.role.value,
        _state_of(person),
        person.active,
        person.has_second_factor,
    )
