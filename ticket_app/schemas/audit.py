"""Shapes of the audit: which entries one asks for, an entry, and a page of them."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from ticket_app.schemas.inputs import WHOLE_NUMBER, Input, WholeNumber
from ticket_app.schemas.paging import CURSOR, known_cursor
from ticket_app.texts import Published
from ticket_app.vocabulary import ID_MAX, AuditAction, Edge, Who

AUDIT_PAGE_DEFAULT, AUDIT_PAGE_MAX = 50, 100
TIME = (
    "^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?"
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""A time with its offset, in the years 1970 to 2999."""


def _time(value: Any) -> Any:
    """Parses a time. pydantic alone would also accept a number, and any year."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(TIME, value):
        with suppress(ValueError):  # no such day
            return datetime.fromisoformat(value)
    raise PydanticCustomError("time", "Write a time such as 2026-12-03T08:00:00Z.")


Time = Annotated[datetime, BeforeValidator(_time), Published({"pattern": TIME})]
PersonId = Annotated[int, Field(ge=1, le=ID_MAX), WHOLE_NUMBER]


class AuditFilter(Input):
    """A choice of entries. Actions widen it, and the other fields narrow it."""

    action: list[AuditAction] = Field(default=[], description="Any of these actions.")
    person: PersonId | None = Field(default=None, description="Whom it is about.")
    actor: PersonId | None = Field(default=None, description="Who acted.")
    involving: PersonId | None = Field(default=None, description="Who acted, or whom it is about.")
    since: Time | None = Field(default=None, description="At this time or later.")
    until: Time | None = Field(default=None, description="Before this time.")


class AuditQuery(AuditFilter):
    """A page of the audit. `cursor` is the end of the page before, from its Link header."""

    limit: WholeNumber = Field(
        default=AUDIT_PAGE_DEFAULT, ge=1, le=AUDIT_PAGE_MAX, description="Entries a page."
    )
    cursor: Annotated[str, Published({"pattern": CURSOR})] | None = Field(
        default=None, description="From the Link header of the page before."
    )

    _known_cursor = field_validator("cursor")(known_cursor)


class AuditEntryPublic(BaseModel):
    """What somebody did to an account, a session, a token or a whole ticket.

    Names are those of today. They are null where nobody known acted, and where an entry is about no
    person.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: int
    created_at: datetime
    who: Who = Field(description="`anyone` is a person, signed in or not.")
    edge: Edge = Field(description="By which way it came in.")
    actor_id: int | None = Field(description="Who acted.")
    actor_name: str | None
    action: str = Field(
        description="One of the values of the parameter `action`, or one of a later version.",
        examples=[AuditAction.ROLE_CHANGED],
    )
    person_id: int | None = Field(description="Whom it is about.")
    person_name: str | None
    ticket_id: int | None = Field(description="The ticket, which may be gone.")
    client_address: str = Field(description="Where from; empty for the desk itself.")
    detail: str = Field(examples=["agent -> requester"])


class AuditPage(NamedTuple):
    """One keyset page of the audit. `next_cursor` is None on the last page."""

    entries: list[AuditEntryPublic]
    next_cursor: str | None
