"""Shortcuts to drafted replies, and to what a provider was sent for one."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from harness.actors import over_rest
from harness.fake_provider import FakeProvider
from tests.services.desk import opened
from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.tickets.queries import last_erasing
from ticket_app.data.triage.drafted_tables import DraftedReply
from ticket_app.data.triage.tables import TriageCall
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.drafting import DraftedReplyPublic
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.drafting.drafting import draft_reply
from ticket_app.services.drafting.stored import keep_draft
from ticket_app.services.triage import ledger
from ticket_app.triage.contract import Draft
from ticket_app.vocabulary import MessageKind, Side

EXPORT = "The nightly export of our contacts stops at row 5000 with the message quota exceeded."
ADVICE = "Open the settings of the export and raise the quota to ten thousand rows, then start it."
DRAFT = "Please raise the quota of your export in the settings, and start it again tonight."


def said(
    ticket_id: int,
    body: str,
    kind: MessageKind = MessageKind.REPLY,
    actor: Actor | None = None,
    side: Side | None = None,
) -> int:
    """Posts a message, by the team unless given; returns its number."""
    new = MessageCreate.model_validate({"body": body, "kind": kind, "from": side})
    return post_message(actor or over_rest(), ticket_id, new).id


def answered_ticket(reply: str = ADVICE, **fields: Any) -> int:
    """Files a ticket about the export that the team has answered; returns its number."""
    number = opened(title="Export stops", description=EXPORT, **fields).id
    said(number, reply)
    return number


def asked_ticket() -> int:
    """Files a ticket about the export that nobody has answered; returns its number."""
    return opened(title="Export", description=f"{EXPORT} Since Monday.").id


def answering(fake: FakeProvider, text: str) -> None:
    """Lets the provider answer with this text."""
    fake.wrap_answer = lambda _: text


def drafted(ticket_id: int, actor: Actor | None = None) -> DraftedReplyPublic:
    """Lets the provider draft a reply."""
    return asyncio.run(draft_reply(actor or over_rest(), ticket_id))


def kept(
    ticket_id: int, text: str = DRAFT, actor: Actor | None = None, sources: tuple[int, ...] = ()
) -> DraftedReplyPublic:
    """Keeps a draft as if a provider had written it."""
    with read_transaction() as session:
        erased_before = last_erasing(session)
    draft = Draft(text, "openai", "a-model", "draft-1", 5.0)
    return keep_draft(actor or over_rest(), ticket_id, draft, sources, erased_before)


def rows() -> Sequence[DraftedReply]:
    """Returns every drafted reply, oldest first."""
    with read_transaction() as session:
        return session.scalars(select(DraftedReply).order_by(col(DraftedReply.id))).all()


def sent_to(fake: FakeProvider) -> list[dict[str, str]]:
    """Returns the messages of the last request to the provider."""
    messages: list[dict[str, str]] = json.loads(fake.received[-1].body)["messages"]
    return messages


def settled(count: int) -> list[str]:
    """Returns the outcomes of the calls once the ledger has that many. Fails after 20 seconds."""
    end = time.monotonic() + 20
    while len(found := calls()) < count:
        assert time.monotonic() < end, f"the ledger has {len(found)} of {count} calls"
        time.sleep(0.01)
    return [each.outcome for each in found]


def calls() -> list[TriageCall]:
    """Returns the rows of the ledger, oldest first."""
    ledger.flush()
    with read_transaction() as session:
        return list(session.scalars(select(TriageCall).order_by(col(TriageCall.id))))
