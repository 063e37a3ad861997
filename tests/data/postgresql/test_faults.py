"""PostgreSQL may refuse writes at any time; health says why before a ticket fails."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from harness.actors import over_rest
from tests.services.desk import opened
from ticket_app.data import readiness, reasons
from ticket_app.data.engine import get_engine, use_database
from ticket_app.data.readiness import find_problem
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.tickets.listing import get_ticket, list_tickets

REFUSING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON ticket EXECUTE FUNCTION refuse()
"""


def test_a_server_that_is_only_read_is_no_place_for_tickets(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PROVED_SECONDS", -1.0)
    ticket = opened()
    assert find_problem() is None
    name = make_url(postgres_database).database
    with get_engine().begin() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    use_database(postgres_database)
    assert find_problem() == reasons.READ_ONLY
    assert list_tickets(over_rest(), TicketListQuery()).items == [
        get_ticket(over_rest(), ticket.id)
    ]
    with pytest.raises(DatabaseUnavailableError, match="is read-only"):
        opened()
    with pytest.raises(DatabaseUnavailableError, match="is read-only"):
        delete_ticket(over_rest(), ticket.id)


@pytest.mark.usefixtures("postgres_database")
@pytest.mark.parametrize("code", ["53100", "42501", "55P03", "26000"])
def test_a_refusal_is_told_by_its_code(code: str) -> None:
    ticket = opened()
    with get_engine().begin() as connection:
        connection.exec_driver_sql(REFUSING.format(code=code))
    for work in (opened, lambda: delete_ticket(over_rest(), ticket.id)):
        with pytest.raises(DatabaseUnavailableError) as refused:
            work()
        assert refused.value.detail == reasons.OF_POSTGRESQL[code]
    assert get_ticket(over_rest(), ticket.id) == ticket


def test_health_needs_no_right_that_filing_does_not(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PROVED_SECONDS", -1.0)
    user = f"plain_{uuid4().hex}"
    url = make_url(postgres_database)
    with get_engine().begin() as connection:
        connection.exec_driver_sql(f"""
            CREATE ROLE {user} LOGIN; REVOKE TEMPORARY ON DATABASE "{url.database}" FROM PUBLIC;
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user};
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user}
        """)
    use_database(url.set(username=user).render_as_string(hide_password=False))
    ticket = opened()
    assert get_ticket(over_rest(), ticket.id) == ticket
    assert find_problem() is None
