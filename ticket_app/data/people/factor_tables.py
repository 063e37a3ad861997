"""The tables of second factors: secrets, recovery codes, and sign-ins that wait for a code."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from ticket_app.data.fields import STRICT, integer_field, text_field, time_field
from ticket_app.data.people.checks import (
    recovery_code_checks,
    second_factor_checks,
    sign_in_step_checks,
)
from ticket_app.data.people.tables import key_field, owner_field
from ticket_app.data.types import BigId


def _step_field() -> Any:
    return Field(sa_column=Column(BigId, nullable=False, server_default=text("0")))


class SecondFactor(SQLModel, table=True):
    """The secret of a person's authenticator app. It counts once a code of it was confirmed.

    `last_step` is the step of time of the last code that was accepted. No code of it, or of an
    earlier one, is accepted again.
    """

    __tablename__: ClassVar[Any] = "second_factor"
    __table_args__ = (*second_factor_checks(), STRICT)

    person_id: int = owner_field(primary_key=True)
    secret: str = text_field()
    confirmed_at: datetime | None = time_field(nullable=True)
    last_step: int = _step_field()
    created_at: datetime = time_field()


class RecoveryCode(SQLModel, table=True):
    """A code for a person whose app is lost. `key` is its SHA-256. It is deleted when used."""

    __tablename__: ClassVar[Any] = "recovery_code"
    __table_args__ = (*recovery_code_checks(), Index("recovery_code_person", "person_id"), STRICT)

    key: str = key_field()
    person_id: int = owner_field()


class SignInStep(SQLModel, table=True):
    """A sign-in with the right password that waits for a code. It is no session: only the form of
    the code reads this table. `key` is the SHA-256 of its token, `failures` are wrong codes."""

    __tablename__: ClassVar[Any] = "sign_in_step"
    __table_args__ = (
        *sign_in_step_checks(),
        Index("sign_in_step_person", "person_id"),
        Index("sign_in_step_expires", "expires_at"),
        STRICT,
    )

    key: str = key_field()
    person_id: int = owner_field()
    failures: int = integer_field(0)
    created_at: datetime = time_field()
    expires_at: datetime = time_field()
