"""The settings of a PostgreSQL session, and those that the URL may replace."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from sqlalchemy import literal, select, text, type_coerce
from sqlalchemy.engine import make_url

from harness.actors import over_rest
from tests.conftest import new_postgres
from tests.services.desk import changed, opened
from ticket_app.actor import by_command
from ticket_app.data.direct import driver_read
from ticket_app.data.engine import read_transaction, use_database
from ticket_app.data.figures.queries import utc_day
from ticket_app.data.migrations import migrate
from ticket_app.data.types import UtcDateTime
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.recounting import recount
from ticket_app.services.tickets.listing import get_ticket, list_tickets
from ticket_app.settings import get_settings

SCHEMAS = 'CREATE SCHEMA desk; CREATE SCHEMA "Ext en"; CREATE EXTENSION pg_trgm SCHEMA "Ext en"'


def run(database: str, statements: str) -> None:
    connection = psycopg2.connect(database.replace("+psycopg2", ""))
    connection.autocommit = True
    connection.cursor().execute(statements)
    connection.close()


def shown(name: str) -> set[str]:
    """Returns the values of a setting on both kinds of connections."""
    with driver_read() as connection, read_transaction() as session:
        ((directly,),) = connection.rows(f"SHOW {name}", {}, planned_once=False)
        return {directly, session.scalar(text(f"SHOW {name}")) or ""}


def test_the_options_of_the_address_are_kept(postgres_database: str) -> None:
    options = "-c search_path=public -c statement_timeout=7s --lock-timeout=3s"
    use_database(f"{postgres_database}?options={quote(options)}&connect_timeout=9")
    assert shown("search_path") == {"public"}
    assert shown("statement_timeout") == {"7s"}
    assert shown("lock_timeout") == {"3s"}
    assert shown("TimeZone") == {"UTC"}
    with driver_read() as connection:
        assert connection.rows("SHOW jit", {}, planned_once=False) == [("off",)]


def test_a_socket_may_be_where_the_database_is(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(postgres_database)
    monkeypatch.setenv("POSTGRES_HOST", shown("unix_socket_directories").pop())
    monkeypatch.setenv("POSTGRES_PORT", str(url.port))
    monkeypatch.setenv("POSTGRES_USER", "desk")
    monkeypatch.setenv("POSTGRES_DB", str(url.database))
    get_settings.cache_clear()
    use_database(None)
    with driver_read() as connection:
        assert connection.rows("SELECT inet_server_addr()", {}) == [(None,)]


def test_a_data_folder_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "50%25 sure? #1"))
    get_settings.cache_clear()
    assert migrate() is True
    assert (tmp_path / "50%25 sure? #1" / "desk.sqlite3").exists()
    assert len(list(tmp_path.iterdir())) == 1
    use_database(None)


def test_times_are_right_in_whatever_zone_a_connection_is(postgres_database: str) -> None:
    use_database(f"{postgres_database}?options={quote('-c TimeZone=Asia/Kolkata')}")
    assert shown("TimeZone") == {"Asia/Kolkata"}
    ticket = changed(opened().id, status="resolved")
    assert (
        list_tickets(over_rest(), TicketListQuery()).items
        == [get_ticket(over_rest(), ticket.id)]
        == [ticket]
    )
    assert abs(ticket.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert recount(by_command()).differences == []
    with read_transaction() as session:  # at 20:00 UTC Kolkata has the next day
        late = type_coerce(literal(datetime(2026, 1, 1, 20, tzinfo=UTC)), UtcDateTime)
        assert session.scalar(select(utc_day(session, late))) == date(2026, 1, 1)


def test_the_trigrams_may_be_in_a_schema_of_their_own(postgres_server: str) -> None:
    database = new_postgres(postgres_server)
    run(database, SCHEMAS)
    use_database(f"{database}?options={quote('-c search_path=desk')}")
    assert migrate() is True
    ticket = opened(title="Wallpaper", description="comes off the wall")
    assert list_tickets(over_rest(), TicketListQuery(search="lpape")).items == [ticket]
    with driver_read() as connection:
        assert connection.rows("SELECT count(*) FROM desk.ticket", {}) == [(1,)]
    use_database(None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [("", "GRANT ALL ON SCHEMA public TO guest_"), ("-c search_path=nowhere", "no schema")],
)
def test_a_schema_that_takes_no_tables_is_one_sentence(
    postgres_server: str, options: str, sentence: str
) -> None:
    database = new_postgres(postgres_server)
    guest = f"guest_{database[-12:]}"
    run(database, f"CREATE ROLE {guest} LOGIN")
    use_database(f"{database.replace('desk@', f'{guest}@')}?options={quote(options)}")
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        migrate()
    assert "\n" not in refused.value.detail
    use_database(None)


def test_a_refused_connection_is_told_in_the_servers_words(postgres_server: str) -> None:
    use_database(f"{postgres_server}/nowhere".replace("postgresql", "postgresql+psycopg2"))
    with pytest.raises(DatabaseUnavailableError, match='database "nowhere" does not exist'):
        migrate()
    use_database(None)
