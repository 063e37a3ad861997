"""Search means the same on both engines: anywhere, case folded simply, accents kept."""

import pytest
from sqlalchemy import text

from tests.search_cases import SEARCH_CASES, SearchCase
from ticket_app.data.engine import get_engine
from ticket_app.data.folding import FOLDED, LAST_CASED, fold
from ticket_app.schemas import TicketCreate, TicketListQuery
from ticket_app.services.tickets import list_tickets, open_ticket
from ticket_app.vocabulary import Edge


@pytest.mark.usefixtures("database")
def test_every_case_of_the_table() -> None:
    wrong = []
    for case in SEARCH_CASES:
        ids = {
            open_ticket(TicketCreate(title=case.text, description="-"), Edge.REST).id,
            open_ticket(TicketCreate(title="-", description=case.text), Edge.REST).id,
        }
        hits = {t.id for t in list_tickets(TicketListQuery(search=case.search, limit=200)).items}
        if (ids & hits) != (ids if case.found else set()):
            wrong.append(case)
    assert wrong == []


def test_folding_of_every_character_agrees(postgres_database: str) -> None:
    # U+E130, a private-use character, is what PostgreSQL's function makes of the dotted capital I.
    characters = [chr(code) for code in (*range(1, 0xD800), *range(0xE131, LAST_CASED + 0x100))]
    with get_engine().connect() as connection:
        on_postgresql = connection.execute(
            text("SELECT ticket_fold(c) FROM unnest(:characters) WITH ORDINALITY AS t(c, n) ORDER BY n"),
            {"characters": characters},
        ).scalars()  # fmt: skip
        same_there: dict[str, set[str]] = {}
        for character, folded in zip(characters, on_postgresql, strict=True):
            same_there.setdefault(folded, set()).add(character)
    same_here: dict[str, set[str]] = {}
    for character in characters:
        same_here.setdefault(FOLDED.get(ord(character), character), set()).add(character)
    differing = [group for group in same_here.values() if group not in same_there.values()]
    assert differing == []


def test_fold_is_simple() -> None:
    assert fold("ÄSTHETIK Straße ΟΔΟΣ") == "ästhetik straße οδοσ"
    assert fold(None) is None
    assert SearchCase("İ", "i", False).search not in str(fold("İ"))
