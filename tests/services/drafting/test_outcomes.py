"""What became of a drafted reply is recorded with the reply, and is in the report of the triage."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import in_browser, over_rest
from tests.services.desk import opened
from tests.services.drafting.desk import DRAFT, answered_ticket, kept, rows, said
from ticket_app.actor import by_command
from ticket_app.schemas.conversation import MessageCreate, ParticipantCreate
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation.drafts.saving import own_drafts, save_draft
from ticket_app.services.conversation.holding import (
    held_messages,
    release_due,
    send_message,
    take_back,
)
from ticket_app.services.conversation.participants import add_participant
from ticket_app.services.drafting.stored import find_draft, open_draft, throw_away
from ticket_app.services.erasing.purging import purge_tickets
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.people.accounts.directory import find_person
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.triage.report import triage_report
from ticket_app.vocabulary import ERASED, DraftOutcome, MessageKind, Role

pytestmark = pytest.mark.usefixtures("database")

EDITED = DRAFT.replace("tonight", "tomorrow")
OTHER = "We are sorry for the trouble and look into it."


@pytest.mark.parametrize(
    ("sent", "outcome", "changed"),
    [
        (DRAFT, DraftOutcome.AS_IT_WAS, None),
        (f"\n{DRAFT}  \n", DraftOutcome.AS_IT_WAS, None),
        (EDITED, DraftOutcome.EDITED, 1 - 2 * 16 / 34),
        (f"Hello!\n\n{DRAFT}", DraftOutcome.EDITED, 1 - 2 * 17 / 36),
        (OTHER, DraftOutcome.THROWN_AWAY, None),
    ],
)
@pytest.mark.rest_in_prove("database")
def test_a_reply_tells_what_became_of_the_draft(
    sent: str, outcome: DraftOutcome, changed: float | None
) -> None:
    ticket = opened().id
    draft = kept(ticket)
    message_id = said(ticket, sent)
    found = find_draft(over_rest(), ticket, draft.id)
    assert found.outcome is outcome
    assert found.share_changed == (changed and pytest.approx(changed))
    assert found.message_id == (message_id if outcome is not DraftOutcome.THROWN_AWAY else None)
    assert open_draft(over_rest(), ticket) is None
    said(ticket, DRAFT)
    assert find_draft(over_rest(), ticket, draft.id) == found  # the first reply counts


def test_a_held_reply_settles_the_draft_and_taking_it_back_reopens_it() -> None:
    ticket = opened().id
    draft = kept(ticket)
    agent = in_browser()
    send_message(agent, ticket, MessageCreate(body=EDITED), "k1")
    assert [(each.outcome, each.message_id) for each in rows()] == [("edited", None)]
    assert rows()[0].held_id == held_messages(agent, ticket)[0].id
    take_back(agent, held_messages(agent, ticket)[0].id)
    (row,) = rows()
    assert (row.outcome, row.share_changed, row.held_id) == (None, None, None)
    assert open_draft(over_rest(), ticket) == draft
    send_message(agent, ticket, MessageCreate(body=DRAFT), "k2")
    release_due(replace(by_command(), at=datetime.now(UTC) + timedelta(seconds=11)))
    (row,) = rows()
    assert (row.outcome, row.held_id) == ("as_it_was", None)
    assert row.message_id is not None


@pytest.mark.rest_in_prove("database")
def test_notes_the_requester_and_others_settle_nothing() -> None:
    administrator()
    ana, cay = (
        acting(account(f"{name}@example.com", Role.AGENT), Role.AGENT) for name in ("ana", "cay")
    )
    bea = acting(account("bea@example.com", Role.REQUESTER), Role.REQUESTER)
    ticket = opened(requester_email="bea@example.com").id
    draft = kept(ticket, actor=ana)
    said(ticket, DRAFT, MessageKind.NOTE, ana)
    said(ticket, DRAFT, actor=bea)
    said(ticket, DRAFT, actor=cay)
    assert find_draft(ana, ticket, draft.id).outcome is None
    said(ticket, DRAFT, actor=ana)
    assert find_draft(ana, ticket, draft.id).outcome is DraftOutcome.AS_IT_WAS
    throw_away(ana, ticket, draft.id)
    assert find_draft(ana, ticket, draft.id).outcome is DraftOutcome.AS_IT_WAS


def test_erasing_a_requester_erases_what_was_drafted_from_their_words() -> None:
    source = answered_ticket(requester_email="eve@example.com")
    other = opened().id
    of_eve, of_source, unconcerned = (
        kept(source),
        kept(other, sources=(source,)),
        kept(opened().id),
    )
    list(erase_requester(by_command(), find_requester(by_command(), "eve@example.com")))
    bodies = {row.id: row.body for row in rows()}
    assert bodies == {of_eve.id: ERASED, of_source.id: ERASED, unconcerned.id: DRAFT}
    assert open_draft(over_rest(), other) is None


@pytest.mark.rest_in_prove("database")
def test_erasing_somebody_copied_on_a_ticket_erases_its_drafts() -> None:
    ticket = opened(requester_email="bea@example.com").id
    add_participant(over_rest(), ticket, ParticipantCreate(person="eve@example.com"))
    eve = find_person(by_command(), "eve@example.com").id
    said(ticket, "It stops at Quagmire Road.", actor=acting(eve, Role.REQUESTER))
    kept(ticket, "You say that it stops at Quagmire Road.")
    quoted = {"kind": "reply", "body": "You say: Quagmire Road.", "key": "k", "writer": "page"}
    save_draft(in_browser(), ticket, DraftWrite.model_validate(quoted | {"revision": 0}))
    list(erase_requester(by_command(), find_requester(by_command(), "eve@example.com")))
    assert [row.body for row in rows()] == [ERASED]
    assert own_drafts(in_browser(), ticket) == []


def test_a_purged_ticket_takes_its_drafts_and_its_part_in_others() -> None:
    source = answered_ticket()
    other = opened().id
    kept(source, sources=(other,))
    said(source, DRAFT)
    left = kept(other, sources=(source,))
    delete_ticket(over_rest(), source)
    list(purge_tickets(replace(by_command(), at=datetime.now(UTC) + timedelta(days=31)), 30))
    (row,) = rows()
    assert (row.id, row.body) == (left.id, ERASED)
    assert find_draft(over_rest(), other, left.id).sources == []


def test_the_report_counts_what_became_of_drafts() -> None:
    for sent in (DRAFT, EDITED, OTHER):
        ticket = opened().id
        kept(ticket)
        said(ticket, sent)
    kept(opened().id)
    now = over_rest()
    (drafts,) = triage_report(now, 7).drafts
    assert (drafts.engine, drafts.model, drafts.prompt_version) == ("openai", "a-model", "draft-1")
    assert (drafts.drafted, drafts.edited, drafts.thrown_away) == (4, 1, 1)
    assert drafts.as_it_was is not None
    assert (drafts.as_it_was.count, drafts.as_it_was.n) == (1, 3)
    assert drafts.share_changed == pytest.approx(1 - 2 * 16 / 34)
    (drafts,) = triage_report(replace(now, at=now.at + timedelta(hours=25)), 7).drafts
    assert (drafts.drafted, drafts.thrown_away) == (4, 2)
