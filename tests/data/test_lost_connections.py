"""Connections that the server has closed meanwhile are not used, and nobody hears of them."""

import psycopg2
import pytest

from tests.services.desk import opened
from ticket_app.data import postgresql
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.listing import get_ticket, list_tickets, ticket_history

END_THE_OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def end_connections(database: str) -> int:
    """What a restart of the server does, and a proxy that drops what is idle."""
    connection = psycopg2.connect(database.replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute(END_THE_OTHERS)
            ((ended,),) = cursor.fetchall()
            return int(ended)
    finally:
        connection.close()


def test_what_was_idle_is_tried_first(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0)
    ticket = opened()
    for _ in range(2):
        assert len(ticket_history(ticket.id)) == 1
        assert list_tickets(TicketListQuery()).items == [ticket]
        assert end_connections(postgres_database) >= 2
    assert opened().id > ticket.id
    assert get_ticket(ticket.id) == ticket


def test_what_was_just_used_fails_once(postgres_database: str) -> None:
    ticket = opened()
    assert list_tickets(TicketListQuery()).items == [ticket]
    assert end_connections(postgres_database) >= 1
    with pytest.raises(DatabaseUnavailableError):
        list_tickets(TicketListQuery())
    assert list_tickets(TicketListQuery()).items == [ticket]
