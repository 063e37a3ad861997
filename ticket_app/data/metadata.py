"""The metadata of all tables, for migrations and for comparing the schema with a database."""

from sqlmodel import SQLModel

from ticket_app.data.conversation import tables as _conversation  # noqa: F401
from ticket_app.data.conversation.attachments import tables as _attachments  # noqa: F401
from ticket_app.data.erasing import tables as _erasing  # noqa: F401
from ticket_app.data.figures import tables as _figures  # noqa: F401
from ticket_app.data.followers import tables as _followers  # noqa: F401
from ticket_app.data.people import factor_tables as _factors  # noqa: F401
from ticket_app.data.people import tables as _people  # noqa: F401
from ticket_app.data.tickets import tables as _tickets  # noqa: F401
from ticket_app.data.triage import drafted_tables as _drafted  # noqa: F401
from ticket_app.data.triage import tables as _triage  # noqa: F401

METADATA = SQLModel.metadata
