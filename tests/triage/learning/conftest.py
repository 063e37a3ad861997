"""A lesson from the small desk, shared by all tests, none of which changes it."""

import pytest

from tests.triage.learning.desk import desk, rules
from ticket_app.triage.learning.training import Lesson, learn


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    """The lesson learned from 400 texts."""
    return learn("category", desk(400), rules)
