"""All tables together, for whoever compares the whole schema with a database."""

from sqlmodel import SQLModel

from ticket_app.data.figures import tables as _figures  # noqa: F401
from ticket_app.data.tickets import tables as _tickets  # noqa: F401
from ticket_app.data.triage import tables as _triage  # noqa: F401

METADATA = SQLModel.metadata
