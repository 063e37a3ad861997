"""Brings a test's database to an earlier revision of the schema."""

from alembic.config import Config
from sqlalchemy import Connection

from alembic import command
from ticket_app.settings import ROOT


def upgrade(connection: Connection, revision: str) -> None:
    """Applies the migrations up to this revision in the connection's transaction."""
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Takes back the migrations after this revision in the connection's transaction."""
    command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config
