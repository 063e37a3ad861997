"""PgBouncer, as in docs/scaling.md, stands between the desk and PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.data.direct import driver_read
from ticket_app.data.engine import read_transaction
from ticket_app.data.migrations import migrate
from ticket_app.errors import ConfigurationError
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.listing import get_ticket, list_tickets

EXPECTED = {"TimeZone": "UTC", "jit": "off", "statement_timeout": "10s", "lock_timeout": "3500ms"}


@pytest.mark.usefixtures("pooled")
@pytest.mark.parametrize("pooled", ["session"], indirect=True)
def test_behind_one_that_keeps_a_session_all_is_as_without() -> None:
    assert migrate() is False
    ticket = changed(opened().id, status="resolved")
    assert (
        list_tickets(over_rest(), TicketListQuery()).items
        == [get_ticket(over_rest(), ticket.id)]
        == [ticket]
    )
    assert abs(ticket.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    with driver_read() as connection, read_transaction() as session:
        for name, value in EXPECTED.items():
            assert connection.rows(f"SHOW {name}", {}, planned_once=False) == [(value,)]
            assert session.scalar(text(f"SHOW {name}")) == value


@pytest.mark.usefixtures("pooled")
@pytest.mark.parametrize("pooled", ["transaction"], indirect=True)
def test_one_that_changes_the_server_between_transactions_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="pool_mode=session"):
        migrate()
