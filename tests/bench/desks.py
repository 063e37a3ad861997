"""A desk on PostgreSQL with the tickets that are measured."""

import psycopg2
from sqlalchemy.engine import make_url

from bench.rows import fill_postgresql, settle
from tests.conftest import new_postgres


def filled_desk(server: str, tickets: int) -> str:
    """The address of a new database with so many tickets, as the driver itself takes it."""
    url = make_url(new_postgres(server)).set(drivername="postgresql")
    address = url.render_as_string(hide_password=False)
    fill_postgresql(address, tickets)
    _add_a_tenth_of_one_requester(address)
    settle(address)
    return address


def _add_a_tenth_of_one_requester(address: str) -> None:
    columns = "title, description, category, priority, created_at, updated_at"
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ticket ({columns}, requester_email) "
            f"SELECT {columns}, 'Often@example.com' FROM ticket WHERE id % 10 = 0"
        )
