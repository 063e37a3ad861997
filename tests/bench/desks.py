"""A desk on PostgreSQL with the tickets that are measured."""

from sqlalchemy.engine import make_url

from bench.rows import fill_postgresql, settle
from tests.conftest import new_postgres


def filled_desk(server: str, tickets: int) -> str:
    """The address of a new database with so many tickets, as the driver itself takes it."""
    url = make_url(new_postgres(server)).set(drivername="postgresql")
    address = url.render_as_string(hide_password=False)
    fill_postgresql(address, tickets)
    settle(address)
    return address
