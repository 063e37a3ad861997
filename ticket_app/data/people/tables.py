"""The tables of people, of what they sign in with, and of the desk's own facts."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

from ticket_app.data.fields import (
    STRICT,
    flag_field,
    id_field,
    integer_field,
    person_id_field,
    text_field,
    time_field,
)
from ticket_app.data.people.checks import (
    account_link_checks,
    api_token_checks,
    audit_entry_checks,
    credential_checks,
    desk_fact_checks,
    handover_checks,
    person_checks,
    person_identity_checks,
    person_session_checks,
    person_term_checks,
    sign_in_failure_checks,
)
from ticket_app.data.types import IN_ORDER_OF_CODE_POINTS, BigId
from ticket_app.vocabulary import Role


def owner_field(*, primary_key: bool = False) -> Any:
    """The person to whom a row belongs."""
    return Field(
        sa_column=Column(BigId, ForeignKey("person.id"), primary_key=primary_key, nullable=False)
    )


def key_field() -> Any:
    """The digest by which a row is found."""
    return Field(sa_column=Column(Text, primary_key=True))


TEAM = text("role <> 'requester'")
INACTIVE = text("active = false")
"""The conditions of the partial indexes, which a query repeats as they are. They leave out nearly
all of the people, so that a new requester costs no entry."""


class Person(SQLModel, table=True):
    """A person whom the desk knows. `email` is folded (see addresses.py), and unique if present.

    A trigger refuses a change of `role` or `active` that leaves no active administrator with a
    password, if there was one.
    """

    __tablename__: ClassVar[Any] = "person"
    __table_args__ = (
        *person_checks(),
        Index("person_email", "email", unique=True),
        Index("person_team", "role", "id", postgresql_where=TEAM, sqlite_where=TEAM),
        Index("person_inactive", "active", "id", postgresql_where=INACTIVE, sqlite_where=INACTIVE),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    name: str = text_field()
    email: str | None = text_field(nullable=True)
    role: str = text_field(server_default=Role.REQUESTER)
    active: bool = flag_field(server_default=True)
    created_at: datetime = time_field()
    updated_at: datetime = time_field()


class PersonTerm(SQLModel, table=True):
    """A text by whose beginning a person is found: the folded name from one of its words on, the
    folded address, or the domain of the address. Triggers of `person` keep it."""

    __tablename__: ClassVar[Any] = "person_term"
    __table_args__ = (
        *person_term_checks(),
        Index("person_term_person", "person_id", "term"),
        STRICT,
    )

    term: str = Field(sa_column=Column(IN_ORDER_OF_CODE_POINTS, primary_key=True))
    # No foreign key: to check it would take as long as to insert the terms of a new requester.
    person_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))


class Credential(SQLModel, table=True):
    """The password of a person who has an account, as an encoded argon2id hash."""

    __tablename__: ClassVar[Any] = "credential"
    __table_args__ = (*credential_checks(), STRICT)

    person_id: int = owner_field(primary_key=True)
    password_hash: str = text_field()
    updated_at: datetime = time_field()


class PersonSession(SQLModel, table=True):
    """A signed-in browser. `key` is the SHA-256 of the cookie's value in hexadecimal.

    `client_address` and `user_agent` are those of the sign-in, for the list of one's sessions.
    `by_provider` is true if an identity provider has checked who the person is. A second factor is
    then its affair.
    """

    __tablename__: ClassVar[Any] = "person_session"
    __table_args__ = (
        *person_session_checks(),
        Index("person_session_person", "person_id"),
        Index("person_session_expires", "expires_at"),
        STRICT,
    )

    key: str = key_field()
    person_id: int = owner_field()
    client_address: str = text_field()
    user_agent: str = text_field()
    by_provider: bool = flag_field(server_default=False)
    created_at: datetime = time_field()
    last_seen_at: datetime = time_field()
    expires_at: datetime = time_field()


class PersonIdentity(SQLModel, table=True):
    """Whom a provider of OpenID Connect means by a subject. A subject is one person, and a person
    has one subject at a provider."""

    __tablename__: ClassVar[Any] = "person_identity"
    __table_args__ = (
        *person_identity_checks(),
        Index("person_identity_person", "person_id", "issuer", unique=True),
        STRICT,
    )

    issuer: str = key_field()
    subject: str = key_field()
    person_id: int = owner_field()
    created_at: datetime = time_field()


class AccountLink(SQLModel, table=True):
    """A link by which a person sets a password. `key` is the SHA-256 of its token.

    It is deleted when it is used.
    """

    __tablename__: ClassVar[Any] = "account_link"
    __table_args__ = (
        *account_link_checks(),
        Index("account_link_person", "person_id"),
        Index("account_link_expires", "expires_at"),
        STRICT,
    )

    key: str = key_field()
    person_id: int = owner_field()
    purpose: str = text_field()
    created_at: datetime = time_field()
    expires_at: datetime = time_field()


class ApiToken(SQLModel, table=True):
    """A token by which a program acts for a person. `key` is the SHA-256 of the token.

    It is deleted when it is revoked.
    """

    __tablename__: ClassVar[Any] = "api_token"
    __table_args__ = (
        *api_token_checks(),
        Index("api_token_key", "key", unique=True),
        Index("api_token_person", "person_id", "id"),
        Index("api_token_expires", "expires_at"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    key: str = text_field()
    person_id: int = owner_field()
    name: str = text_field()
    scope: str = text_field()
    created_at: datetime = time_field()
    expires_at: datetime = time_field()
    last_used_at: datetime | None = time_field(nullable=True)


class SignInFailure(SQLModel, table=True):
    """Failed sign-ins of one subject since `window_started_at`.

    `key` is the SHA-256 of the subject in hexadecimal: an address, a client, or both.
    """

    __tablename__: ClassVar[Any] = "sign_in_failure"
    __table_args__ = (
        *sign_in_failure_checks(),
        Index("sign_in_failure_window", "window_started_at"),
        STRICT,
    )

    key: str = key_field()
    failures: int = integer_field()
    window_started_at: datetime = time_field()


class AuditEntry(SQLModel, table=True):
    """What somebody did to an account or to a ticket as a whole. It is never changed.

    `actor_id` is who acted, `person_id` whom it is about. `ticket_id` is no foreign key, because an
    entry outlives its ticket. No text names a person.
    """

    __tablename__: ClassVar[Any] = "audit_entry"
    __table_args__ = (
        *audit_entry_checks(),
        Index("audit_entry_newest", "created_at", "id"),
        Index("audit_entry_action", "action", "created_at", "id"),
        Index("audit_entry_actor", "actor_id", "created_at", "id"),
        Index("audit_entry_person", "person_id", "created_at", "id"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    created_at: datetime = time_field()
    who: str = text_field()
    edge: str = text_field()
    actor_id: int | None = person_id_field()
    action: str = text_field()
    person_id: int | None = person_id_field()
    ticket_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    client_address: str = text_field(server_default="")
    detail: str = text_field(server_default="")


class Handover(SQLModel, table=True):
    """A person who cannot be assigned any more, and the one who gets their open tickets; `to_id` is
    NULL for nobody.

    The row stays until the person can be assigned again: a ticket of theirs that is opened again
    later goes the same way. `who`, `edge` and `actor_id` tell who has decided it.
    """

    __tablename__: ClassVar[Any] = "handover"
    __table_args__ = (*handover_checks(), STRICT)

    person_id: int = owner_field(primary_key=True)
    to_id: int | None = person_id_field()
    who: str = text_field()
    edge: str = text_field()
    actor_id: int | None = person_id_field()
    created_at: datetime = time_field()


class DeskFact(SQLModel, table=True):
    """The one row of facts about the desk. Triggers refuse a second row and a deletion.

    `accounts_since` is the time of the first account. It is never undone. `link_secret` signs the
    links to tickets, the same in every process. `agent_id` is the agent who acts at an open desk;
    NULL until somebody assigns a ticket to them.
    """

    __tablename__: ClassVar[Any] = "desk_fact"
    __table_args__ = (*desk_fact_checks(), STRICT)

    id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    accounts_since: datetime | None = time_field(nullable=True)
    link_secret: str = text_field()
    agent_id: int | None = person_id_field()
