"""Runs the migrations: on the connection that data/migrations.py gives, or on its own."""

from sqlalchemy import Connection

from alembic import context
from ticket_app.data.engine import get_engine
from ticket_app.data.metadata import METADATA


def run(connection: Connection) -> None:
    """All the steps in one transaction, which both engines can roll back whole."""
    context.configure(connection=connection, target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    # Takes SQLite's write lock at once, and as long as it needs.
    with get_engine().execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as own:
        run(own)
