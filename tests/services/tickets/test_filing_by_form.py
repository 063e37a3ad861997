"""A form files for whom it is, and leads its requester back to the ticket."""

import pytest

from harness.accounts import account, acting, administrator
from tests.services.desk import PLAIN
from ticket_app.actor import NOBODY, in_browser
from ticket_app.errors import InvalidInputError, SignInRequiredError, TooManyRequestsError
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery
from ticket_app.services.people import caps
from ticket_app.services.people.caps import TICKETS_OF_CLIENT, Counted
from ticket_app.services.tickets.filing_by_form import file_form
from ticket_app.services.tickets.links import linked_ticket
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.services.tickets.own import own_ticket, own_tickets
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

STRANGER = in_browser(NOBODY)
BEA = "bea@example.com"


@pytest.fixture(autouse=True)
def _closed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database
    monkeypatch.setattr(caps, "counted", Counted())
    administrator()


def new(**fields: str) -> TicketCreate:
    return TicketCreate.model_validate(PLAIN | fields)


def test_a_stranger_gets_the_link_of_the_ticket() -> None:
    filed = file_form(STRANGER, new(requester_email="eve@example.com"), "a key")
    path, _, key = filed.address.partition("&key=")
    assert path == f"/request?ticket={filed.ticket_id}"
    assert linked_ticket(STRANGER, filed.ticket_id, key).requester_email == "eve@example.com"
    again = file_form(STRANGER, new(requester_email="eve@example.com"), "a key")
    assert again == filed._replace(replayed=True)


def test_a_stranger_gives_an_address() -> None:
    with pytest.raises(InvalidInputError):
        file_form(STRANGER, new())


def test_without_the_public_form_a_stranger_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_FORM", "false")
    get_settings.cache_clear()
    with pytest.raises(SignInRequiredError):
        file_form(STRANGER, new(requester_email="eve@example.com"))


def test_a_stranger_files_a_few_tickets() -> None:
    for number in range(TICKETS_OF_CLIENT.most):
        file_form(STRANGER, new(requester_email=f"{number}@example.com"), client="192.0.2.1")
    with pytest.raises(TooManyRequestsError):
        file_form(STRANGER, new(requester_email=BEA), client="192.0.2.1")
    file_form(STRANGER, new(requester_email=BEA), client="192.0.2.2")


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.AGENT])
def test_whoever_has_signed_in_files_in_their_own_name(role: Role) -> None:
    bea = acting(account(BEA, role), role)
    forged = new(requester_name="Eve", requester_email="eve@example.com")
    filed = file_form(bea, forged, in_own_name=True)
    assert filed.address == f"/my?ticket={filed.ticket_id}"
    ticket = own_ticket(bea, filed.ticket_id)
    assert (ticket.requester_name, ticket.requester_email) == ("bea", BEA)


def test_an_agents_own_tickets_are_those_they_asked() -> None:
    bea = acting(account(BEA, Role.AGENT), Role.AGENT)
    own = file_form(bea, new(), in_own_name=True).ticket_id
    other = file_form(bea, new(requester_email="eve@example.com")).ticket_id
    assert [each.id for each in own_tickets(bea, TicketListQuery()).items] == [own]
    assert get_ticket(bea, other).requester_email == "eve@example.com"
