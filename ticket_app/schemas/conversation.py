"""Messages and participants as input and as output."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.schemas.assignees import PersonOfBody
from ticket_app.schemas.inputs import INTEGRAL, WHOLE_NUMBER, Input, WholeNumber
from ticket_app.texts import MessageBody
from ticket_app.vocabulary import ATTACHMENTS_MAX, ID_MAX, Edge, MessageKind, Side

PAGE_DEFAULT = 50
PAGE_MAX = 200
PARTICIPANTS_MAX = 50
"""People copied on one ticket."""


AttachmentId = Annotated[int, Field(ge=1, le=ID_MAX, strict=True), INTEGRAL]


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

    attachments: list[AttachmentId] = Field(
        [],
        max_length=ATTACHMENTS_MAX,
        json_schema_extra={"uniqueItems": True},
        description="The ids of files that the author has uploaded to the ticket and not sent yet.",
    )


class MessageListQuery(Input):
    """A page of a conversation, newest first. `before` is the last id of the page before."""

    limit: WholeNumber = Field(
        default=PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="Messages a page."
    )
    before: Annotated[int, Field(ge=1, le=ID_MAX), WHOLE_NUMBER] | None = Field(
        default=None, description="Only messages with a smaller id."
    )


class AttachmentPublic(BaseModel):
    """A file of a message, or one that waits to be sent."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str = Field(description="As it was uploaded, without folders and what does not show.")
    media_type: str = Field(
        description="The kind of the file, as its content tells; application/octet-stream if it "
        "does not."
    )
    size: int = Field(ge=1, le=ID_MAX, description="Bytes.")
    url: str = Field(description="The address of the file.")
    created_at: datetime


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
    attachments: list[AttachmentPublic] = []


class ParticipantCreate(Input):
    """A person to be copied on a ticket."""

    person: PersonOfBody = Field(
        description="The number of an active person, or an e-mail address.",
        examples=["ana@example.com"],
    )


class ParticipantPublic(BaseModel):
    """A person copied on a ticket, for the team. `email` is folded."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    email: str | None
    added_at: datetime
