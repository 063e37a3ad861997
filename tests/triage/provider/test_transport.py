"""The Retry-After header of a provider's response gives seconds."""

import pytest

from ticket_app.triage.provider.transport import _seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        (" 30 ", 30.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("\N{SUPERSCRIPT TWO}", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(
    said: str | None, seconds: float | None
) -> None:
    assert _seconds(said) == seconds
