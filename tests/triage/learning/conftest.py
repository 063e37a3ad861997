"""What was learned from the small desk, once for all tests, none of which changes it."""

import pytest

from tests.triage.learning.desk import desk, rules
from ticket_app.triage.learning.training import Lesson, learn


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    """What 400 texts teach."""
    return learn("category", desk(400), rules)
