"""Shapes of people, their sessions and their API tokens."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.schemas.inputs import (
    INTEGRAL,
    WHOLE_NUMBER,
    Input,
    Truth,
    WholeNumber,
    without_defaults,
)
from ticket_app.texts import PersonName, Search, TokenName
from ticket_app.vocabulary import ID_MAX, Role, TokenScope

PEOPLE_DEFAULT, PEOPLE_MAX = 50, 100
TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX = 90, 365


class PersonPublic(BaseModel):
    """A person for the team, or for themselves. `email` is folded.

    `has_account` tells of a password or of single sign-on, `link_until` when the link for a
    password ends or has ended, and `has_second_factor` of one that counts.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    email: str | None
    role: Role
    active: bool
    has_account: bool
    link_until: datetime | None = Field(exclude=True)
    has_second_factor: bool = Field(exclude=True)

    def is_invited(self, now: datetime) -> bool:
        """Returns True for a person without an account whose link for one still works."""
        return not self.has_account and self.link_until is not None and now < self.link_until


class PeopleListQuery(Input):
    """A page of people. `after` is the last one of the page before, from its Link header."""

    search: Search = Field(
        default=None,
        description="The beginning of a word of the name and what follows it, of the address, or "
        "of its domain; what looks the same is the same.",
    )
    role: Role | None = Field(default=None, description="This role alone.")
    active: Truth | None = Field(default=None, description="Those who may sign in, or who may not.")
    limit: WholeNumber = Field(
        default=PEOPLE_DEFAULT, ge=1, le=PEOPLE_MAX, description="People a page."
    )
    after: Annotated[int, Field(ge=1, le=ID_MAX), WHOLE_NUMBER] | None = Field(
        default=None, description="From the Link header of the page before."
    )


class PersonUpdate(Input):
    """A change of a person. Only the given fields change. A new role, and a deactivation, end the
    person's sessions. `hand_to` says who gets the open tickets of someone who leaves the team."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    name: PersonName = ""
    role: Role = Role.REQUESTER
    active: Annotated[bool, Field(strict=True)] = True
    hand_to: Annotated[int, Field(ge=1, le=ID_MAX, strict=True), INTEGRAL] | None = Field(
        default=None,
        description="The agent who gets the person's open tickets, if the change is a deactivation "
        "or makes a requester of an agent; null for nobody.",
    )

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that the caller gave, with their values."""
        return self.model_dump(exclude_unset=True)


class PeoplePage(NamedTuple):
    """One page of a list of people. `next_after` is None on the last one."""

    people: list[PersonPublic]
    next_after: int | None


class SessionPublic(NamedTuple):
    """A session of a person, for the list of one's own sessions.

    `handle` names it in a request to end it, and is not its key.
    """

    handle: str
    client_address: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


class Me(BaseModel):
    """The person who has signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str | None
    role: Role


class TokenCreate(Input):
    """A new API token."""

    name: TokenName = Field(description="What the token is for.", examples=["Nightly export"])
    scope: TokenScope = Field(
        TokenScope.READ,
        description="What the token may do at most, of what its owner may: `read` reads tickets, "
        "figures, the triage and people, `write` also files and changes tickets, `admin` also "
        "administers people and reads the audit.",
    )
    days: Annotated[int, Field(ge=1, le=TOKEN_DAYS_MAX, strict=True), INTEGRAL] = Field(
        TOKEN_DAYS_DEFAULT, description="Days until it expires."
    )


class TokenPublic(BaseModel):
    """An API token for its owner, without the token itself."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    scope: TokenScope
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(
        description="When it was used last, to the minute or so; null if it never was."
    )


class TokenCreated(TokenPublic):
    """A new API token with the token itself, which is shown this once."""

    token: str = Field(examples=["desk_" + "x" * 43])
