"""Versions of tickets that this page's own changes have made: nobody overwrites by those."""

from collections.abc import Mapping
from typing import Any

from ticket_app.errors import FieldProblem, InvalidInputError, TicketAppError, TicketChangedError
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.state.asking import ask
from ticket_app.theme import field_word, word_for

Versions = dict[int, tuple[int, int]]
"""By ticket: the first version that the page saw, and the last that its own changes made of it."""
TICKETS_MAX = 100


def seen_by(versions: Mapping[int, tuple[int, int]], ticket_id: int, version: Any) -> int:
    """The version that a person saw. One that their own changes have replaced counts as what they
    made of it."""
    if isinstance(version, bool) or not isinstance(version, int):
        raise InvalidInputError([FieldProblem("version", "Use the version of a ticket.")])
    first, last = versions.get(ticket_id, (version, version))
    return last if first <= version <= last else version


def followed_by(versions: Versions, ticket_id: int, seen: int, now: int) -> Versions:
    """The versions with one more change, which found the ticket at `seen` and left it at `now`."""
    if now != seen + 1:
        return versions
    others = dict(versions)
    first, last = others.pop(ticket_id, (seen, seen))
    kept = others | {ticket_id: (first if last == seen else seen, now)}
    return dict(list(kept.items())[-TICKETS_MAX:])


async def refused_in_words(error: TicketAppError, ticket_id: Any, field: str) -> str:
    """Why a change of a field was refused; where others were faster, also what they made of it."""
    if not isinstance(error, TicketChangedError):
        return error.detail
    try:
        value = getattr(await ask(get_ticket, ticket_id), field)
    except TicketAppError:
        return error.detail
    return f"{error.detail} {field_word(field)} now: {word_for(field, value)}."
