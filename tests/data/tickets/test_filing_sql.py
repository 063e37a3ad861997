"""PostgreSQL's plan of the statement that files tickets, which a connection plans once."""

import pytest

from ticket_app.data.engine import get_engine
from ticket_app.data.plain_sql import prepared
from ticket_app.data.tickets.filing_sql import file_all

PEOPLE = """
INSERT INTO person (name, email)
SELECT 'Ann', 'ann' || i || '@x.org' FROM generate_series(1, 300) AS i
"""


@pytest.mark.usefixtures("postgres_database")
def test_a_person_is_found_by_the_index_however_few_there_are() -> None:
    preparing, executing = prepared(file_all(people=True))
    with get_engine().connect() as connection:
        generic = "SET plan_cache_mode = force_generic_plan"
        for statement in (PEOPLE, "ANALYZE person", generic, preparing):
            connection.exec_driver_sql(statement)
        plan = connection.exec_driver_sql(f"EXPLAIN {executing}", {"tickets": "[]"}).all()
        connection.invalidate()  # it has a setting and a statement that others must not see
    assert "Index Scan using person_email" in str(plan)
    assert "Seq Scan on person" not in str(plan)
