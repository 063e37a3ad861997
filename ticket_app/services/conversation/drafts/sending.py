"""What sending and taking back do to a draft, in the transaction of the message."""

from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation import drafts as queries
from ticket_app.data.conversation.drafts import Place
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation.drafts.saving import Saved, draft_row, saved
from ticket_app.services.people.assignees import own_number
from ticket_app.vocabulary import DRAFT_MAX, MessageKind

TOO_LONG = "Together with what you have written since, the message is too long. Send that first."


class Typed(NamedTuple):
    """The page in whose field a message was typed, and the draft's revision that it knows of."""

    writer: str
    revision: int


def remove_sent(  # noqa: PLR0917  # the parts of one draft
    session: Session, actor: Actor, ticket_id: int, kind: MessageKind, body: str, by: Typed | None
) -> bool:
    """Removes the draft of a message that is stored in this transaction; returns True if there was
    one. What another page has saved meanwhile, and this one has not seen, stays a draft."""
    if by is None or (person_id := own_number(session, actor)) is None:
        return False
    place = Place(person_id, ticket_id, kind)
    return queries.remove(session, place, writer=by.writer, known=by.revision, body=body)


def put_back(session: Session, actor: Actor, place: Place, taken: str, new: DraftWrite) -> Saved:
    """Makes a message that is taken back a draft again, above what was typed since.

    What another page has saved meanwhile stays below it. Raises InvalidInputError for too long a
    text.
    """
    texts = [taken, new.body]
    other = queries.find(session, place)
    if other is not None and new.writer != other.writer and new.revision != other.revision:
        texts.append(other.body)
    body = "\n\n".join(dict.fromkeys(each for each in texts if each.strip()))
    if not body:  # it had files alone
        return Saved(place.kind, "", new.key, new.writer, 0)
    if len(body) > DRAFT_MAX:
        raise InvalidInputError([FieldProblem("body", TOO_LONG)])
    row = draft_row(actor, place, new.model_copy(update={"body": body}))
    if other is None and queries.add(session, row):
        return saved(row)
    known = other.revision if other is not None else row.revision
    revision = queries.overwrite(session, place, row, known)
    if revision is None:  # another page was faster than this transaction
        raise InvalidInputError([FieldProblem("body", "This changed just now. Try again.")])
    return saved(row)._replace(revision=revision)
