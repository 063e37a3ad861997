"""Stops a message once if others have written since its author's page was drawn: decision 0042."""

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation.queries import newer_of_others
from ticket_app.errors import NewerMessagesError
from ticket_app.services.conversation.reading import shown
from ticket_app.services.people.permission import Verb, may

SHOWN = 3
"""Messages that the stop shows. The conversation has them all."""


def stop_if_overtaken(session: Session, actor: Actor, ticket_id: int, seen: int | None) -> None:
    """Raises NewerMessagesError if somebody else wrote to the ticket after the message `seen`.

    None is no condition. The ticket is locked, so that no message comes between this and the one
    that is stored. What others still hold back is no message yet, and stops nobody.
    """
    if seen is None:
        return
    newer = newer_of_others(
        session,
        ticket_id,
        seen=seen,
        author_id=actor.identity.person_id,
        notes=may(actor, Verb.USE_NOTES),
        limit=SHOWN,
    )
    if newer:
        raise NewerMessagesError(
            [shown(session, actor, each, has_files=False) for each in reversed(newer)]
        )
