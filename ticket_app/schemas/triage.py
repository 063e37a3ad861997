"""Requests for a suggestion, and the suggestions of engines."""

from datetime import datetime

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

from ticket_app.schemas.inputs import Input
from ticket_app.texts import Description
from ticket_app.vocabulary import Category, Priority, TriageField


class Described(Input):
    """A description for which the caller wants a suggestion."""

    description: Description


class Classification(BaseModel):
    """An engine's category and priority for a text. Confidences are 0..1, null if the engine gave
    none."""

    suggested_category: Category
    suggested_priority: Priority
    category_confidence: float | None
    priority_confidence: float | None
    confidence: float | None = Field(
        description="The lower of the two confidences; null where one of them is."
    )
    category_evidence: tuple[str, ...] = Field(description="Quotes of the text it rests on.")
    priority_evidence: tuple[str, ...] = Field(description="Quotes of the text it rests on.")
    engine: str
    failure: str | None = Field(description="Why a configured provider did not answer.")


class TitleSuggestion(BaseModel):
    """A proposed title, never empty. `failure` says why a configured provider did not answer."""

    suggested_title: str
    engine: str
    failure: str | None


class SuggestionPublic(BaseModel):
    """An engine's proposal for one field of a ticket. `confidence` is 0..1, null if not given.

    `evidence` quotes the words of the ticket that support it.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    field: TriageField
    value: str
    confidence: float | None
    evidence: tuple[str, ...]
    engine: str
    model: str
    prompt_version: str
    created_at: datetime
