"""The pool does not use connections that the server has closed, and no request fails."""

import psycopg2
import pytest

from harness.actors import over_rest
from tests.services.desk import opened
from ticket_app.data.postgresql import engine
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.listing import get_ticket, list_tickets, ticket_history

END_THE_OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def end_connections(database: str) -> int:
    """Ends connections as a restart of the server does, or a proxy that drops idle ones."""
    connection = psycopg2.connect(database.replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute(END_THE_OTHERS)
            ((ended,),) = cursor.fetchall()
            return int(ended)
    finally:
        connection.close()


def test_an_idle_connection_is_checked_before_use(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "IDLE_SECONDS", 0)
    ticket = opened()
    for _ in range(2):
        assert len(ticket_history(over_rest(), ticket.id)) == 1
        assert list_tickets(over_rest(), TicketListQuery()).items == [ticket]
        assert end_connections(postgres_database) >= 2
    assert opened().id > ticket.id
    assert get_ticket(over_rest(), ticket.id) == ticket


def test_a_connection_used_just_now_fails_once(postgres_database: str) -> None:
    ticket = opened()
    assert list_tickets(over_rest(), TicketListQuery()).items == [ticket]
    assert end_connections(postgres_database) >= 1
    with pytest.raises(DatabaseUnavailableError):
        list_tickets(over_rest(), TicketListQuery())
    assert list_tickets(over_rest(), TicketListQuery()).items == [ticket]
