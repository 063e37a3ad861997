"""Numbers of tickets in words, for the audit."""


def in_words(tickets: int) -> str:
    """Returns a number of tickets in words."""
    return "1 ticket" if tickets == 1 else f"{tickets:,} tickets"
