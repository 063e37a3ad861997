"""What a draft is made from: nothing that is erased meanwhile, no details of others."""

from collections.abc import Callable

import pytest

from harness.accounts import acting
from harness.actors import over_rest
from harness.fake_provider import Script
from tests.services.conftest import Providing
from tests.services.desk import opened
from tests.services.drafting.desk import (
    ADVICE,
    DRAFT,
    EXPORT,
    answered_ticket,
    answering,
    asked_ticket,
    drafted,
    rows,
    said,
    sent_to,
)
from ticket_app.actor import by_command
from ticket_app.errors import DraftOutdatedError
from ticket_app.schemas.conversation import ParticipantCreate
from ticket_app.services.conversation.participants import add_participant
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.people.accounts.directory import find_person
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database")


def copy(ticket_id: int, address: str) -> int:
    """Copies a person on a ticket; returns their number."""
    add_participant(over_rest(), ticket_id, ParticipantCreate(person=address))
    return find_person(by_command(), address).id


def erase(address: str) -> None:
    list(erase_requester(by_command(), find_requester(by_command(), address)))


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda _: erase("bea@example.com"), id="its requester"),
        pytest.param(lambda _: erase("eve@example.com"), id="a source's requester"),
        pytest.param(lambda _: erase("cay@example.com"), id="who was copied"),
        pytest.param(lambda source: delete_ticket(over_rest(), source), id="a source is deleted"),
    ],
)
@pytest.mark.rest_in_prove("database")
def test_what_is_erased_meanwhile_is_in_no_draft(
    meanwhile: Callable[[int], None], providing: Providing
) -> None:
    source = answered_ticket(requester_email="eve@example.com")
    description = f"{EXPORT} Since Monday."
    asked = opened(title="Export", description=description, requester_email="bea@example.com").id
    cay = copy(asked, "cay@example.com")
    said(asked, "It stops at Quagmire Road.", actor=acting(cay, Role.REQUESTER))
    fake = providing(Script.GOOD)
    answering(fake, DRAFT)
    fake.during_call = lambda: meanwhile(source)
    with pytest.raises(DraftOutdatedError, match="Ask again"):
        drafted(asked)
    assert rows() == []
    fake.during_call = lambda: erase("dan@example.com")
    opened(requester_email="dan@example.com")  # he has no part in it
    assert drafted(asked).body == DRAFT


def test_details_of_other_customers_are_told_to_no_provider(providing: Providing) -> None:
    opened(requester_name="Gus Zeppelin", requester_email="gus@example.com")
    source = answered_ticket(requester_name="Eve Quagmire", requester_email="eve@example.com")
    copy(source, "gus@example.com")
    told = "Hi Eve, Gus Zeppelin (gus@example.com) and Dan <dan@example.com> have order 4711-00815."
    said(source, f"{ADVICE} {told} It is paid to DE89 3704 0044 0532 0130 00.")
    fake = providing(Script.GOOD)
    answering(fake, DRAFT)
    drafted(asked_ticket())
    data = sent_to(fake)[1]["content"]
    assert ADVICE in data
    for detail in ("Eve", "Gus", "Zeppelin", "@example.com", "4711", "00815", "DE89", "3704"):
        assert detail not in data, detail
