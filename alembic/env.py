"""Runs the migrations, on the connection of data/migrations.py or on one of its own."""

from sqlalchemy import Connection

from alembic import context
from ticket_app.data.engine import get_engine
from ticket_app.data.metadata import METADATA


def run(connection: Connection) -> None:
    """Runs the requested migrations in one transaction, which both databases can roll back."""
    context.configure(connection=connection, target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    # BEGIN IMMEDIATE takes SQLite's write lock before the first statement.
    with get_engine().execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as own:
        run(own)
