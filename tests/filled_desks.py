"""Fills a desk on PostgreSQL with the benchmark's tickets."""

from sqlalchemy.engine import make_url

from harness.filling import fill_postgresql, vacuum
from tests.conftest import new_postgres


def filled_desk(server: str, tickets: int) -> str:
    """Returns the URL of a new database with this many tickets, in psycopg2's form."""
    url = make_url(new_postgres(server)).set(drivername="postgresql")
    address = url.render_as_string(hide_password=False)
    fill_postgresql(address, tickets)
    vacuum(address)
    return address
