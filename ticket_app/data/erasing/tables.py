"""The table by which the database's function for erasing is called."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import SQLModel

from ticket_app.data.erasing.checks import erasing_checks
from ticket_app.data.fields import STRICT, id_field, text_field, time_field


class Erasing(SQLModel, table=True):
    """A call of the function for erasing: see decision 0029. The table is always empty.

    The trigger of an insert is the function. It erases, and deletes the row, within the statement.
    `tickets` is a JSON array of ids. The append-only triggers let a change pass while there is a
    row, so only the function's own.
    """

    __tablename__: ClassVar[Any] = "erasing"
    __table_args__ = (*erasing_checks(), STRICT)

    id: int | None = id_field()
    kind: str = text_field()
    tickets: str = text_field()
    created_at: datetime = time_field()
