"""Drafted replies as output."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.vocabulary import DraftOutcome


class CopiedPart(BaseModel):
    """A part of a drafted reply that stands in the replies of another ticket, too."""

    model_config = ConfigDict(frozen=True)

    start: int = Field(description="The first character of the part, counted from 0.")
    end: int = Field(description="The character after the part.")
    ticket_id: int = Field(description="The other ticket.")


class DraftedReplyPublic(BaseModel):
    """A reply that the AI provider drafted. Nobody has checked it, and it is not sent."""

    model_config = ConfigDict(frozen=True)

    id: int
    ticket_id: int
    body: str = Field(description="Markdown.")
    engine: str
    model: str
    prompt_version: str
    created_at: datetime
    sources: list[int] = Field(description="The tickets whose replies the provider was shown.")
    copied: list[CopiedPart] = Field(
        description="Eight words or more in a row, addresses and numbers that stand in a reply of "
        "another ticket, and not in this one. Read them before you send them."
    )
    outcome: DraftOutcome | None = Field(
        description="null until it is sent or thrown away; after a day it counts as thrown away."
    )
    share_changed: float | None = Field(
        description="Of an edited one, from 0 to 1: how much of its words differs from what was "
        "sent."
    )
    message_id: int | None = Field(description="The message that it became.")
