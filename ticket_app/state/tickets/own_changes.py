"""Versions of tickets that this page's own changes made, so that they do not conflict."""

from collections.abc import Mapping
from typing import Any

from ticket_app.errors import FieldProblem, InvalidInputError, TicketAppError, TicketChangedError
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.service_calls import call_service
from ticket_app.theme import field_word, word_for

Versions = dict[int, tuple[int, int]]
"""By ticket: the first version that the page saw, and the last one that its own changes made."""
TICKETS_MAX = 100


def version_to_lock(versions: Mapping[int, tuple[int, int]], ticket_id: int, version: Any) -> int:
    """Returns the version for the optimistic lock.

    That is the seen one. If only this page's own changes replaced it, it is the last of these.
    Raises InvalidInputError if `version` is no integer.
    """
    if isinstance(version, bool) or not isinstance(version, int):
        raise InvalidInputError([FieldProblem("version", "Use the version of a ticket.")])
    first, last = versions.get(ticket_id, (version, version))
    return last if first <= version <= last else version


def with_own_change(versions: Versions, ticket_id: int, seen: int, now: int) -> Versions:
    """Returns the versions with a change from version `seen` to `now`."""
    if now != seen + 1:
        return versions
    others = dict(versions)
    first, last = others.pop(ticket_id, (seen, seen))
    kept = others | {ticket_id: (first if last == seen else seen, now)}
    return dict(list(kept.items())[-TICKETS_MAX:])


async def refusal_sentence(error: TicketAppError, ticket_id: Any, field: str) -> str:
    """Returns why a change of a field was refused, and after a conflict the field's value now."""
    if not isinstance(error, TicketChangedError):
        return error.detail
    try:
        value = getattr(await call_service(get_ticket, ticket_id), field)
    except TicketAppError:
        return error.detail
    return f"{error.detail} {field_word(field)} now: {word_for(field, value)}."
