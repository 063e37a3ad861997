"""The audit: what people did to accounts, and to tickets as a whole. It is only added to."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.people import audit as stored
from ticket_app.data.people import failures
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import TooManyRequestsError
from ticket_app.schemas.audit import AuditEntryPublic, AuditPage, AuditQuery
from ticket_app.schemas.paging import Position
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import digest
from ticket_app.texts import one_line
from ticket_app.vocabulary import CLIENT_ADDRESS_MAX, AuditAction

WINDOW = timedelta(hours=1)
FAILURES_RECORDED = 100
"""Failures of one account, or of all addresses without one, that an hour's audit has."""
OWN_ACTS = 100
"""Acts of one kind upon one's own account that an hour allows."""
NO_MORE = "further failures of this hour are not recorded"


def audit(
    session: Session,
    actor: Actor,
    action: AuditAction,
    *,
    person_id: int | None = None,
    ticket_id: int | None = None,
    client_address: str = "",
    detail: str = "",
) -> None:
    """Writes an entry in the caller's own transaction, so that both commit or neither.

    `person_id` is whom it is about. The actor says who acted, and where from unless
    `client_address` does. `detail` has AUDIT_DETAIL_MAX characters at most, and never the name or
    the address of a person: people are named by their ids, so that erasing one has nothing to
    replace here.
    """
    stored.write(
        session,
        actor,
        action,
        person_id=person_id,
        ticket_id=ticket_id,
        client_address=one_line(client_address or actor.client_address, CLIENT_ADDRESS_MAX),
        detail=detail,
    )


def audit_own(
    session: Session, actor: Actor, action: AuditAction, person_id: int, **entry: Any
) -> None:
    """As `audit`, for what a person does with their own account, and could do without end: nothing
    is ever removed from the audit.

    Raises TooManyRequestsError beyond OWN_ACTS in an hour. The caller's transaction then ends
    without the act.
    """
    subject = digest(f"own acts in the audit: {action} {person_id}")
    if failures.count(session, subject, actor.at, since=actor.at - WINDOW) > OWN_ACTS:
        _, started = failures.find(session, [subject])[subject]
        raise TooManyRequestsError((started + WINDOW - actor.at).total_seconds())
    audit(session, actor, action, person_id=person_id, **entry)


def audit_failure(
    session: Session,
    actor: Actor,
    of_account: int | None,
    action: AuditAction = AuditAction.SIGN_IN_FAILED,
    **entry: Any,
) -> None:
    """As `audit`, for a failure that anyone can cause without a limit.

    `of_account` is the person whose account it concerns; None for all without one together. Of each
    only FAILURES_RECORDED are written in an hour, and then one entry that says so.
    """
    subject = digest(f"failures in the audit: {of_account}")
    failed = failures.count(session, subject, actor.at, since=actor.at - WINDOW)
    if failed == FAILURES_RECORDED + 1:
        entry["detail"] = NO_MORE
    if failed <= FAILURES_RECORDED + 1:
        audit(session, actor, action, **entry)


def end_links_made_by(session: Session, person_id: int) -> None:
    """Ends the links for passwords that the person has made for anyone: they are for others to give
    out now."""
    stored.remove_links_made_by(session, person_id)


def list_entries(actor: Actor, query: AuditQuery) -> AuditPage:
    """Returns one page of the audit, newest first (created_at, then id), by keyset pagination."""
    require(actor, Verb.READ_AUDIT)
    after = None if query.cursor is None else Position.decode(query.cursor)
    with read_transaction(QUICK) as session:
        found = stored.newest(session, query, after=after, limit=query.limit + 1)
    entries = [AuditEntryPublic.model_validate(row) for row in found[: query.limit]]
    last = entries[-1] if len(found) > query.limit else None
    return AuditPage(entries, Position(last.created_at, last.id).encode() if last else None)
