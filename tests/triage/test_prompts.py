"""What a provider is told."""

import re
from enum import StrEnum

import pytest

from ticket_app.triage.prompts import INSTRUCTIONS
from ticket_app.vocabulary import Category, Priority, Sentiment


@pytest.mark.parametrize("values", [Category, Priority, Sentiment])
def test_the_prompt_explains_every_value(values: type[StrEnum]) -> None:
    assert [value for value in values if not re.search(rf"\b{value}\b", INSTRUCTIONS)] == []
