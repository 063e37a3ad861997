"""What a provider is told."""

import json
import re
from enum import StrEnum
from hashlib import sha256

import pytest

from ticket_app.triage.prompts import FENCE_RULE, INSTRUCTIONS, PROMPT_VERSION, answer_schema
from ticket_app.vocabulary import Category, Priority, Sentiment


@pytest.mark.parametrize("values", [Category, Priority, Sentiment])
def test_the_prompt_explains_every_value(values: type[StrEnum]) -> None:
    assert [value for value in values if not re.search(rf"\b{value}\b", INSTRUCTIONS)] == []


PROMPTS = {"prompt-1": "785769246b82f223"}
"""What each version said: a changed word needs a new version, or ledger and recorded answers mix
two prompts. Add a line; leave the old ones."""


def test_a_prompt_that_changed_has_a_new_version() -> None:
    said = f"{INSTRUCTIONS}\n{FENCE_RULE}\n{json.dumps(answer_schema())}"
    assert PROMPTS[PROMPT_VERSION] == sha256(said.encode()).hexdigest()[:16]
