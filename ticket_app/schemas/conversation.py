"""Messages as input and as output."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.schemas.inputs import WHOLE_NUMBER, Input, WholeNumber
from ticket_app.texts import MessageBody
from ticket_app.vocabulary import ID_MAX, Edge, MessageKind, Side

PAGE_DEFAULT = 50
PAGE_MAX = 200


class MessageCreate(Input):
    """A new message. Markdown in `body` is shown as such."""

    body: MessageBody
    kind: MessageKind = Field(
        MessageKind.REPLY,
        description="`reply` is for the requester too, `note` for the team alone.",
    )
    side: Side | None = Field(
        None,
        alias="from",
        description="`requester` records the requester's words, while the desk has no accounts. "
        "With accounts the author says who speaks.",
    )


class MessageListQuery(Input):
    """A page of a conversation, newest first. `before` is the last id of the page before."""

    limit: WholeNumber = Field(
        default=PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="Messages a page."
    )
    before: Annotated[int, Field(ge=1, le=ID_MAX), WHOLE_NUMBER] | None = Field(
        default=None, description="Only messages with a smaller id."
    )


class MessagePublic(BaseModel):
    """A message of a ticket.

    `author` is the name of its person: null for whoever writes at an open desk, and for the team
    before a requester.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    ticket_id: int
    kind: MessageKind
    side: Side = Field(serialization_alias="from", description="For whom the author speaks.")
    author_id: int | None
    author: str | None
    body: str
    channel: Edge
    created_at: datetime
