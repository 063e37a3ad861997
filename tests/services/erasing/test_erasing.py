"""Erasing a requester leaves no text of theirs anywhere, and changes no figure."""

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.conversation.test_attachments import digest, in_rows, on_disk, sent
from tests.services.desk import (
    all_tickets,
    attached,
    changed,
    events_of,
    opened,
    wait_for_a_blocked_writer,
)
from tests.services.erasing.traces import (
    BOB,
    CANARY,
    EVE,
    KEY,
    TEXTS,
    WORDS,
    files_with_traces,
    leave_traces,
    traces,
)
from ticket_app.actor import by_command
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.data.erasing.people import owned_tables
from ticket_app.data.figures import recount as counted
from ticket_app.errors import PersonHasAccountError, PersonNotFoundError
from ticket_app.schemas.conversation import MessageCreate, ParticipantCreate
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.conversation.participants import add_participant
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.erasing import requesters
from ticket_app.services.erasing.remnants import empty_log
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.recounting import recount
from ticket_app.services.tickets.listing import get_ticket, list_tickets, ticket_history
from ticket_app.services.tickets.similar import similar_tickets
from ticket_app.services.triage.report import triage_report
from ticket_app.vocabulary import ERASED, ERASED_PERSON, EventKind, Role

pytestmark = pytest.mark.usefixtures("database", "attachments_folder")

COUNTERS = tuple(counter.name for counter in counted.COUNTERS)
KEPT = (
    "id, category, priority, status, sentiment, urgency_score, created_at, resolved_at, "
    "deleted_at, engine, category_by, priority_by"
)


def rows(statement: str, **values: Any) -> list[Any]:
    """Returns all rows of a statement."""
    with get_engine().connect() as connection:
        return list(connection.execute(text(statement), values).all())


def erase(who: str | int) -> int:
    """Erases a requester; returns the number of tickets."""
    return sum(erase_requester(by_command(), find_requester(by_command(), who)))


def figures() -> dict[str, Any]:
    """Returns all that the desk counts: counters, the report of the triage, and what it paid."""
    report = triage_report(by_command(), 30).model_dump(exclude={"tickets", "waiting", "lessons"})
    figures = {each: sorted(map(tuple, rows(f"SELECT * FROM {each}"))) for each in COUNTERS}
    return {
        **figures,
        "report": report,
        "tickets": rows(f"SELECT {KEPT} FROM ticket ORDER BY id"),
        "events": rows("SELECT count(*) FROM ticket_event WHERE kind <> 'erased'"),
        "calls": rows("SELECT count(*), sum(cost_nano_usd) FROM triage_call"),
        "suggestions": rows("SELECT count(*) FROM suggestion"),
    }


def test_no_text_of_an_erased_requester_is_left_anywhere() -> None:
    ids = leave_traces()
    assert {
        *("ticket.title", "ticket.description", "ticket.requester_name", "person.email"),
        *("ticket_event.old_value", "ticket_event.new_value", "suggestion.value"),
        *("suggestion.evidence", "idempotency_key.ticket", "api_token.name", "person.name"),
        *(
            "person_identity.subject",
            "person_session.user_agent",
            "learned_model.model",
            "ticket.requester_email",
            "attachment.name",
        ),
    } <= traces()
    assert len(files_with_traces()) >= 2
    before = figures()
    found = find_requester(by_command(), EVE)
    assert (found.tickets, found.deleted, found.handed_on) == (4, 1, 1)
    assert erase(EVE.upper()) == 5
    assert empty_log(by_command())
    assert traces() == set()
    assert files_with_traces() == set()
    assert figures() == before
    assert recount(by_command()).differences == []
    assert rows("SELECT count(*) FROM erasing") == [(0,)]
    assert ids == sorted(ids)
    assert find_requester(by_command(), EVE).is_nothing


def test_what_is_left_of_an_erased_requester() -> None:
    _, edited, deleted, _, handed_on = leave_traces()
    eve = directory.find_person(by_command(), EVE)
    hashes = rows("SELECT input_hash FROM triage_call")
    erase(EVE)
    ((name, email, role, active),) = rows(
        "SELECT name, email, role, active FROM person WHERE id = :id", id=eve.id
    )
    assert (name, email, role, bool(active)) == (ERASED_PERSON, None, Role.REQUESTER, False)
    owned = {table.name for table in owned_tables()}
    assert "audit_entry" not in owned
    assert owned >= {"credential", "person_session", "api_token", "account_link", "second_factor"}
    for table in owned:
        assert rows(f"SELECT 1 FROM {table} WHERE person_id = :id", id=eve.id) == []
    shown = get_ticket(by_command(), edited)
    assert (shown.title, shown.description, shown.requester_name) == (ERASED, ERASED, None)
    assert (shown.category, shown.status, shown.triage_status) == ("billing", "resolved", "done")
    assert rows("SELECT count(*) FROM triage_job") == [(0,)]
    assert rows("SELECT input_hash FROM triage_call") != hashes
    history = ticket_history(by_command(), edited)
    assert (history[0].kind, history[0].edge) == (EventKind.ERASED, "cli")
    quoted = ("title", "description", "requester_name", "requester_email")
    values = {(each.old_value, each.new_value) for each in history if each.field in quoted}
    assert values == {(ERASED, ERASED)}
    assert [each.new_value for each in history if each.field == "status"] == ["resolved"]
    assert [event.ticket_version for event in events_of(deleted)] == [1, 2, 3]
    assert rows("SELECT deleted_at IS NULL FROM ticket WHERE id = :id", id=deleted)[0][0] in (
        0,
        False,
    )
    bobs = get_ticket(by_command(), handed_on)
    assert (bobs.requester_email, bobs.requester_name, bobs.title) == (BOB, "Bob", "Wallpaper")
    assert rows("SELECT count(*) FROM ticket") == [(5,)]


def test_files_that_somebody_copied_has_sent_or_not_sent_go_with_them() -> None:
    administrator()
    ticket = opened(requester_email=BOB).id
    add_participant(by_command(), ticket, ParticipantCreate(person=EVE))
    eve = acting(directory.find_person(by_command(), EVE).id, Role.REQUESTER)
    bob = acting(directory.find_person(by_command(), BOB).id, Role.REQUESTER)
    for body in ("See this.", ERASED):
        file = attached(ticket, body.encode(), actor=eve).id
        post_message(eve, ticket, MessageCreate(body=body, attachments=[file]))
    attached(ticket, b"not sent", actor=eve)
    kept = attached(ticket, b"of Bob", actor=bob).id
    sent(ticket, kept, actor=bob)
    attached(ticket, b"of Bob, not sent", actor=bob)
    assert len(on_disk()) == 5
    erase(EVE)
    assert on_disk() == sorted(map(digest, (b"of Bob", b"of Bob, not sent")))
    assert in_rows() == set(on_disk())


def test_a_repeated_request_gives_the_text_back_no_more() -> None:
    with TestClient(make_api()) as client:
        first = client.post("/api/tickets/", json=TEXTS, headers=KEY)
        assert CANARY in first.text
        erase(EVE)
        again = client.post("/api/tickets/", json=TEXTS, headers=KEY)
    assert again.status_code == 201 and again.json()["id"] == first.json()["id"]
    assert CANARY.lower() not in again.text.lower()
    assert again.json()["title"] == ERASED
    assert len(all_tickets()) == 1


def test_neither_search_nor_similarity_finds_an_erased_text() -> None:
    opened(**TEXTS)
    mine = opened(title=f"{WORDS} too", description=f"It sings like {WORDS} at night").id
    assert list_tickets(over_rest(), TicketListQuery(search=CANARY)).items
    assert similar_tickets(by_command(), mine, 5)
    erase(EVE)
    found = list_tickets(over_rest(), TicketListQuery(search=f"{CANARY} has")).items
    assert found == []
    assert [
        each.id for each in list_tickets(over_rest(), TicketListQuery(search=CANARY)).items
    ] == [mine]
    assert similar_tickets(by_command(), mine, 5) == []


@pytest.mark.parametrize(
    "spelling", ["EVÉ@example.com", "eve\u0301@example.com", "EVE\u0301@Example.com"]
)
def test_every_spelling_of_the_address_is_found(spelling: str) -> None:
    """Older tickets may have an address in either form of Unicode, and no person yet."""
    opened(requester_email="Evé@example.com")
    others = opened(requester_email="eve@example.com").id
    with write_transaction() as session:
        for address in ("Evé@Example.com", "EVE\u0301@example.com"):
            session.execute(
                text(
                    "INSERT INTO ticket (title, description, category, priority, requester_email) "
                    "VALUES ('old', 'x', 'billing', 'low', :address)"
                ),
                {"address": address},
            )
    assert erase(spelling) == 3
    left = rows("SELECT id FROM ticket WHERE requester_email IS NOT NULL")
    assert left == [(others,)]
    assert rows("SELECT email FROM person WHERE email IS NOT NULL") == [("eve@example.com",)]


def test_who_has_an_account_is_refused_with_what_to_do_first() -> None:
    ada = administrator()
    ben = account("ben@example.com", Role.AGENT)
    eve = account(EVE, Role.REQUESTER)
    for who in ("ada@example.com", ada, ben, "ben@example.com", EVE, eve):
        with pytest.raises(PersonHasAccountError, match="people deactivate"):
            find_requester(by_command(), who)
    rights.change_role(by_command(), ben, Role.REQUESTER)
    rights.set_active(by_command(), ben, False)
    opened(requester_email="ben@example.com")
    assert erase(ben) == 1


def test_an_account_that_was_made_meanwhile_is_not_erased() -> None:
    administrator()
    opened(**TEXTS)
    found = find_requester(by_command(), EVE)
    account(EVE, Role.AGENT)
    with pytest.raises(PersonHasAccountError):
        list(erase_requester(by_command(), found))
    assert directory.find_person(by_command(), EVE).role is Role.AGENT


def test_an_unknown_requester_is_nothing_to_erase() -> None:
    assert find_requester(by_command(), "nobody@example.com").is_nothing
    with pytest.raises(PersonNotFoundError):
        find_requester(by_command(), 17)


def test_tickets_that_come_during_the_erasing_are_erased_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requesters, "AT_ONCE", 2)
    for _ in range(5):
        opened(**TEXTS)
    batches = erase_requester(by_command(), find_requester(by_command(), EVE))
    assert next(batches) == 2
    for _ in range(3):
        opened(**TEXTS)
    assert sum(batches) == 6
    assert traces() == set()
    assert opened(**TEXTS).requester_email == EVE  # a later ticket is one of a new person
    assert rows("SELECT count(*) FROM person") == [(2,)]


def test_an_interrupted_erasing_is_completed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requesters, "AT_ONCE", 2)
    eve = acting(1, Role.REQUESTER)
    for _ in range(5):
        opened(**TEXTS)
    batches = erase_requester(by_command(), find_requester(by_command(), EVE))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert find_requester(by_command(), EVE).tickets == 3
    assert erase(EVE) == 3
    assert traces() == set()
    assert eve.identity.person_id == 1


def test_an_open_form_cannot_bring_an_erased_text_back() -> None:
    ticket = opened(**TEXTS)
    erase(EVE)
    assert get_ticket(by_command(), ticket.id).version == ticket.version + 1
    changed(ticket.id, title="A new title")
    assert traces() == set()


def test_a_ticket_that_is_being_filed_meanwhile_is_erased_or_of_a_new_person() -> None:
    opened(**TEXTS)
    found = find_requester(by_command(), EVE)
    erased: list[int] = []
    eraser = Thread(target=lambda: erased.extend(erase_requester(by_command(), found)))
    with write_transaction() as session:
        ((person_id,),) = session.execute(text("SELECT id FROM person")).all()
        session.execute(
            text(
                "INSERT INTO ticket (title, description, category, priority, requester_email, "
                "requester_id) VALUES (:words, :words, 'billing', 'low', :eve, :person)"
            ),
            {"words": WORDS, "eve": EVE, "person": person_id},
        )
        eraser.start()
        wait_for_a_blocked_writer()
    eraser.join(30)
    assert sum(erased) == 2
    empty_log(by_command())
    assert traces() == set()
