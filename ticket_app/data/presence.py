"""Which tickets exist for a reader: the condition that a ticket is not deleted, once for each style
of SQL.

Triggers and indexes spell the condition themselves: a migration that has run never changes.
"""

from sqlalchemy import ColumnElement
from sqlmodel import col

from ticket_app.data.tables import Ticket

PRESENT = "deleted_at IS NULL"
"""For statements that are text. The text equals that of the partial indexes: SQLite uses a partial
index only for a query that repeats its condition."""


def present() -> ColumnElement[bool]:
    """The same for statements that SQLAlchemy builds."""
    return col(Ticket.deleted_at).is_(None)


def deleted() -> ColumnElement[bool]:
    """The opposite: the ticket keeps its row and is out of every list."""
    return col(Ticket.deleted_at).is_not(None)
