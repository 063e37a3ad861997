"""A draft of a message as input."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ticket_app.schemas.inputs import Input
from ticket_app.vocabulary import (
    DRAFT_MAX,
    ID_MAX,
    IDEMPOTENCY_KEY_MAX,
    WRITER_MAX,
    MessageKind,
)

Name = Annotated[str, StringConstraints(pattern=r"^[\w.~-]+$")]


class DraftWrite(Input):
    """The text of a field, as a page saves it.

    `key` is the idempotency key of the message that it becomes, and `writer` names the page.
    `revision` is that of the draft on which the text is based: 0 if there was none, and None if the
    page has not read it yet.
    """

    kind: MessageKind
    body: Annotated[str, Field(max_length=DRAFT_MAX), StringConstraints(pattern=r"^[^\x00]*$")]
    key: Annotated[Name, Field(max_length=IDEMPOTENCY_KEY_MAX)]
    writer: Annotated[Name, Field(max_length=WRITER_MAX)]
    revision: Annotated[int, Field(ge=0, le=ID_MAX)] | None = None
