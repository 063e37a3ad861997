"""Search means the same on both engines: anywhere, case folded simply, accents kept."""

from collections.abc import Iterable

import pytest
from sqlalchemy import text

from tests.search_cases import SEARCH_CASES, SearchCase
from ticket_app.data.engine import get_engine
from ticket_app.data.folding import FOLDED, LAST_CASED, fold
from ticket_app.schemas import TicketCreate, TicketListQuery
from ticket_app.services.filing import open_ticket
from ticket_app.services.tickets import list_tickets
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


@pytest.mark.usefixtures("postgres_database")
def test_folding_of_every_character_agrees() -> None:
    # U+E130, a private-use character, is what PostgreSQL's function makes of the dotted capital I.
    characters = [chr(code) for code in (*range(1, 0xD800), *range(0xE131, LAST_CASED + 0x100))]
    with get_engine().connect() as connection:
        on_postgresql = connection.execute(
            text(
                "SELECT ticket_fold(c) FROM unnest(:characters) WITH ORDINALITY AS t(c, n) "
                "ORDER BY n"
            ),
            {"characters": characters},
        ).scalars()
        there = _groups(zip(characters, on_postgresql, strict=True))
    here = _groups((character, FOLDED.get(ord(character), character)) for character in characters)
    assert here == there


def _groups(folded: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    """The sets of characters that a search takes for the same."""
    groups: dict[str, set[str]] = {}
    for character, same in folded:
        groups.setdefault(same, set()).add(character)
    return {frozenset(group) for group in groups.values()}


def test_fold_is_simple() -> None:
    assert fold("ÄSTHETIK Straße ΟΔΟΣ") == "ästhetik straße οδοσ"
    assert fold(None) is None
    assert SearchCase("İ", "i", False).search not in str(fold("İ"))
