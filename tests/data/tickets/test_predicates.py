"""Every field of a filter narrows all results or is refused; it is never ignored."""

from collections.abc import Callable

import pytest
from pydantic import Field

from harness.actors import over_rest
from tests.services.desk import opened
from ticket_app.data.direct import driver_read
from ticket_app.data.people.scope import EVERY_TICKET
from ticket_app.data.tickets import predicates
from ticket_app.data.tickets.predicates import PREDICATES, Predicate, one_of
from ticket_app.data.tickets.requesters import count_of, tickets_of
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery
from ticket_app.services.tickets.listing import count_tickets, list_tickets
from ticket_app.vocabulary import FACETS, Status

ADDRESS = "ana@example.com"
ENGINE: Predicate = {"postgresql": "engine = %(engine)s", "sqlite": "engine = :engine"}


class Wider(TicketListQuery):
    """The filter with additional fields that are no facets."""

    engine: str | None = None
    urgency_score: list[int] = Field(default=[])


@pytest.fixture
def wider(monkeypatch: pytest.MonkeyPatch) -> None:
    """The filter has those fields, but there are no predicates for them."""
    monkeypatch.setattr(predicates, "FIELDS", (*predicates.FIELDS, "engine", "urgency_score"))


def test_every_field_of_the_filter_has_a_predicate() -> None:
    of_fields = PREDICATES.keys() - {predicates.UNASSIGNED}
    assert TicketFilter.model_fields.keys() == of_fields | {predicates.SEARCH}


def listed(wanted: TicketListQuery) -> int:
    return len(list_tickets(over_rest(), wanted).items)


def counted(wanted: TicketListQuery) -> int:
    return count_tickets(over_rest(), wanted).tickets


def listed_of_requester(wanted: TicketListQuery) -> int:
    with driver_read() as connection:
        found = tickets_of(
            connection, ADDRESS, wanted, EVERY_TICKET, sort=wanted.sort, limit=50, after=None
        )
        return len(found.listed)


def counted_of_requester(wanted: TicketListQuery) -> int:
    with driver_read() as connection:
        return count_of(connection, ADDRESS, wanted, EVERY_TICKET, at_most=50)


EVERYWHERE = (listed, counted, listed_of_requester, counted_of_requester)
Number = Callable[[TicketListQuery], int]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("number", EVERYWHERE)
def test_a_field_narrows_lists_and_counts(number: Number) -> None:
    values = {field: list(known)[:2] for field, known in FACETS.items() if field != "sentiment"}
    for place in range(2):
        chosen = {field: two[place] for field, two in values.items()}
        opened(**chosen, requester_email=ADDRESS)
    for field, (one, _) in values.items():
        assert number(TicketListQuery.model_validate({field: [one]})) == 1
    assert number(TicketListQuery()) == 2


@pytest.mark.usefixtures("database", "wider")
@pytest.mark.parametrize("number", EVERYWHERE)
@pytest.mark.parametrize("beside", [{}, {"status": [Status.OPEN]}, {"search": "wallpaper"}])
def test_a_field_that_is_no_facet_narrows_too(
    number: Number, beside: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicates, "PREDICATES", {**PREDICATES, "engine": ENGINE})
    for _ in range(3):
        opened(requester_email=ADDRESS)
    assert number(Wider.model_validate({"engine": "offline", **beside})) == 3
    assert number(Wider.model_validate({"engine": "nobody", **beside})) == 0


@pytest.mark.usefixtures("database", "wider")
@pytest.mark.parametrize("number", EVERYWHERE)
@pytest.mark.parametrize("beside", [{}, {"search": "wallpaper"}])
def test_a_list_of_numbers_narrows_too(
    number: Number, beside: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        predicates, "PREDICATES", {**PREDICATES, "urgency_score": one_of("urgency_score")}
    )
    score = opened(requester_email=ADDRESS).urgency_score
    assert number(Wider.model_validate({"urgency_score": [score, score + 1], **beside})) == 1
    assert number(Wider.model_validate({"urgency_score": [score + 1], **beside})) == 0


@pytest.mark.usefixtures("database", "wider")
@pytest.mark.parametrize("number", EVERYWHERE)
def test_a_field_without_a_predicate_is_refused(number: Number) -> None:
    opened(requester_email=ADDRESS)
    with pytest.raises(KeyError, match="engine"):
        number(Wider(engine="offline"))
