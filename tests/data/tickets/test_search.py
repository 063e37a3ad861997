"""Search gives the same results on both databases, for any case and equivalent characters."""

import re
import sys
import unicodedata

import pytest
from sqlalchemy import text

from harness.actors import over_rest
from tests.data.revisions import upgrade
from tests.data.tickets.search_cases import SEARCH_CASES, SearchCase
from ticket_app.data.engine import get_engine
from ticket_app.data.folding import fold
from ticket_app.data.migrations import migrate
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import list_tickets

NO_TITLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
"""Line ends and control characters, which only a description may contain."""


@pytest.mark.usefixtures("database")
def test_every_case_of_the_table() -> None:
    wrong = []
    for case in SEARCH_CASES:
        ids = {open_ticket(over_rest(), TicketCreate(title="-", description=case.text)).id}
        if not NO_TITLE.search(case.text):
            ids.add(open_ticket(over_rest(), TicketCreate(title=case.text, description="-")).id)
        ids.add(open_ticket(over_rest(), TicketCreate(title="-", description="-")).id)
        post_message(over_rest(), max(ids), MessageCreate(body=case.text))
        hits = {
            t.id
            for t in list_tickets(over_rest(), TicketListQuery(search=case.search, limit=200)).items
        }
        if (ids & hits) != (ids if case.found else set()):
            wrong.append(case)
    assert wrong == []


@pytest.mark.rest_in_prove("around")
@pytest.mark.parametrize("around", ["\u03a3{}n", "e{}n", "{}"])
@pytest.mark.usefixtures("postgres_database")
def test_folding_of_every_character_agrees(around: str) -> None:
    sent = [
        around.format(chr(code))
        for code in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in ("Cs", "Co", "Cn")
    ]
    with get_engine().connect() as connection:
        there = connection.scalars(
            text("SELECT ticket_fold(c) FROM unnest(:sent) WITH ORDINALITY AS t(c, n) ORDER BY n"),
            {"sent": sent},
        ).all()
    folded = zip(sent, map(fold, sent), there, strict=True)
    assert [each for each in folded if each[1] != each[2]] == []


def test_what_is_folded_stays_as_it_is() -> None:
    again = {
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if (folded := fold(character)) != fold(folded)
    }
    assert again == {"\u0149"}  # an apostrophe and an n, which Unicode deprecates


def test_fold_is_simple() -> None:
    assert fold("ÄSTHETIK Straße ΟΔΟΣ") == "ästhetik straße οδοσ"
    assert fold(None) is None
    assert SearchCase("İ", "i", False).search not in str(fold("İ"))


OLD_TICKET = """
INSERT INTO ticket (title, description, category, priority)
VALUES ('Caf\u00e9 \u201cterminal\u201d', 'It says\r\nError 5\u201310', 'billing', 'low')
"""


@pytest.mark.usefixtures("bare_database")
def test_tickets_of_before_are_found_by_the_new_rules() -> None:
    with get_engine().begin() as connection:
        upgrade(connection, "0006")
        connection.execute(text(OLD_TICKET))
        if connection.dialect.name == "sqlite":  # its folding is in the code, old or new
            connection.execute(text("UPDATE ticket_text SET title = 'x', description = 'x'"))
    migrate()
    for search in ("CAFE\u0301", '"terminal"', "says error 5-10"):
        assert len(list_tickets(over_rest(), TicketListQuery(search=search)).items) == 1, search


@pytest.mark.usefixtures("bare_database")
def test_messages_of_before_are_found() -> None:
    with get_engine().begin() as connection:
        upgrade(connection, "0028")
        connection.execute(text(OLD_TICKET))
        connection.execute(
            text(
                "INSERT INTO message (ticket_id, kind, side, body, channel) "
                "VALUES (1, 'reply', 'team', 'Mend the F\u00dcSER.', 'rest')"
            )
        )
    migrate()
    for search, found in (("f\u00fcser", 1), ("fuser", 0)):
        assert len(list_tickets(over_rest(), TicketListQuery(search=search)).items) == found
