"""The prompt that is sent to a provider."""

import json
import re
from enum import StrEnum
from hashlib import sha256

import pytest

from ticket_app.triage.provider.prompts import (
    FENCE_RULE,
    INSTRUCTIONS,
    PROMPT_VERSION,
    answer_schema,
)
from ticket_app.vocabulary import Category, Priority, Sentiment


@pytest.mark.parametrize("values", [Category, Priority, Sentiment])
def test_the_prompt_explains_every_value(values: type[StrEnum]) -> None:
    assert [value for value in values if not re.search(rf"\b{value}\b", INSTRUCTIONS)] == []


PROMPTS = {"prompt-1": "785769246b82f223"}
"""The digest of each version's prompt. A changed prompt needs a new version, because the ledger and
the recorded answers would mix two prompts otherwise. Add a line; keep the old ones."""


def test_a_prompt_that_changed_has_a_new_version() -> None:
    said = f"{INSTRUCTIONS}\n{FENCE_RULE}\n{json.dumps(answer_schema())}"
    assert PROMPTS[PROMPT_VERSION] == sha256(said.encode()).hexdigest()[:16]
