"""The audit, for administrators: what people did to accounts and to whole tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas.audit import AuditEntryPublic, AuditPage, AuditQuery
from ticket_app.schemas.inputs import parse
from ticket_app.services.people import audit
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.people.audit_words import Part, sentence_parts
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import SEARCH_MAX, AuditAction

PERSON_FIELD, GROUP_FIELD = "audit-person", "audit-group"
"""The ids of the filters."""
FOUND_MAX = 6
"""People who are offered for a search. A longer one narrows them."""
ROWS_MAX = 1_000
"""Entries on one page. Filters narrow them."""

SIGN_INS, FAILURES, TOKENS, TICKETS, ACCOUNTS = (
    *("sign_ins", "failures", "tokens", "tickets"),
    "accounts",
)
GROUPS: Mapping[str, str] = {
    "": "Everything",
    SIGN_INS: "Sign-ins",
    FAILURES: "Failed sign-ins",
    ACCOUNTS: "Accounts and roles",
    TOKENS: "API tokens",
    TICKETS: "Tickets",
}
"""The kinds of act among which one chooses, and their words."""
GROUP_LONGEST = max(map(len, GROUPS))
_GROUPED: Mapping[str, frozenset[str]] = {
    SIGN_INS: frozenset(
        {
            *(AuditAction.SIGN_IN, AuditAction.SIGN_OUT, AuditAction.SESSION_ENDED),
            AuditAction.RECOVERY_CODE_USED,
        }
    ),
    FAILURES: frozenset({AuditAction.SIGN_IN_FAILED, AuditAction.SECOND_FACTOR_FAILED}),
    TOKENS: frozenset({AuditAction.TOKEN_MADE, AuditAction.TOKEN_REVOKED}),
    TICKETS: frozenset(
        {AuditAction.TICKET_DELETED, AuditAction.TICKET_RESTORED, AuditAction.TICKETS_PURGED}
    ),
}


def group_of(action: str) -> str:
    """Returns the kind of an action. What is nowhere else is about accounts."""
    return next((group for group, actions in _GROUPED.items() if action in actions), ACCOUNTS)


@dataclass(frozen=True)
class AuditRow:
    """An entry as the page shows it. `at` is in ISO 8601."""

    id: int
    group: str
    parts: list[Part]
    at: str
    client_address: str


@dataclass(frozen=True)
class FoundPerson:
    """Somebody who is offered as a filter."""

    id: int
    name: str
    email: str


class Audit(rx.State):
    """The page /audit. `found` are people who match what was `sought`, and `person` is the one whom
    all entries involve, 0 for everybody.

    `is_longer` is True once older entries were added.
    """

    needs: ClassVar[Verb | None] = Verb.READ_AUDIT

    rows: list[AuditRow] = []
    group: str = ""
    sought: str = ""
    found: list[FoundPerson] = []
    person: int = 0
    person_name: str = ""
    more: bool = False
    full: bool = False
    """True if older entries exist and the page lists as many as it can."""
    is_longer: bool = False
    loaded: bool = False
    failed: str = ""

    _cursor: str | None = None

    @rx.event
    async def load(self) -> EventSpec:
        """Reads the newest entries."""
        self.sought, self.found = "", []
        await self._read()
        return rx.set_value(PERSON_FIELD, "")

    @rx.event
    async def retry(self) -> None:
        """Reads them again after an error."""
        await self._read()

    @rx.event
    async def choose(self, group: str) -> None:
        """Shows the acts of one kind."""
        wanted = text_of(group, GROUP_LONGEST)
        self.group = wanted if wanted in GROUPS else ""
        await self._read()

    @rx.event
    async def seek(self, typed: str) -> None:
        """Looks for people while one types."""
        await self._seek(typed)

    @rx.event
    async def find(self, data: dict[str, Any]) -> None:
        """As `seek`, when the form is sent."""
        await self._seek(dict(data).get("person"))

    @rx.event
    async def pick(self, person_id: int) -> EventSpec | None:
        """Shows what involves one of the people found."""
        wanted = number_of(person_id)
        row = next((each for each in self.found if each.id == wanted), None)
        if row is None:
            return None
        self.person, self.person_name = row.id, row.name
        self.sought, self.found = "", []
        await self._read()
        return rx.set_value(PERSON_FIELD, "")

    @rx.event
    async def everybody(self) -> None:
        """Shows what involves anyone."""
        self.person, self.person_name = 0, ""
        await self._read()

    @rx.event
    async def everything(self) -> None:
        """Takes all filters away."""
        self.person, self.person_name, self.group = 0, "", ""
        await self._read()

    @rx.event
    async def load_more(self) -> None:
        """Appends a page of older entries, up to ROWS_MAX."""
        if self.more:
            await self._read(self._cursor)

    async def _seek(self, typed: Any) -> None:
        self.sought = text_of(typed, SEARCH_MAX).strip()
        if not self.sought:
            self.found = []
            return
        try:
            found = await call_service(directory.list_people, 0, self.sought)
        except TicketAppError as error:
            self.failed = error.detail
            return
        self.found = [FoundPerson(p.id, p.name, p.email or "") for p in found[:FOUND_MAX]]

    async def _read(self, cursor: str | None = None) -> None:
        try:
            page = await self._page(cursor)
        except TicketAppError as error:
            self.failed, self.loaded = error.detail, True
            return
        rows = [_row_of(each) for each in page.entries]
        self.rows = [*self.rows, *rows] if cursor else rows
        self.is_longer = cursor is not None
        self._cursor = page.next_cursor
        self.more = page.next_cursor is not None and len(self.rows) < ROWS_MAX
        self.full = page.next_cursor is not None and not self.more
        self.failed, self.loaded = "", True

    async def _page(self, cursor: str | None) -> AuditPage:
        asked = {
            "action": [each for each in AuditAction if self.group and group_of(each) == self.group],
            "involving": self.person or None,
            "cursor": cursor,
        }
        return await call_service(audit.list_entries, parse(AuditQuery, asked))


def _row_of(entry: AuditEntryPublic) -> AuditRow:
    return AuditRow(
        entry.id,
        group_of(entry.action),
        sentence_parts(entry),
        entry.created_at.isoformat(),
        entry.client_address,
    )
