"""The words of a message that somebody sends with files alone."""


def count_in_words(count: int) -> str:
    """Returns "1 file", "2 files"."""
    return "1 file" if count == 1 else f"{count} files"


def alone(count: int) -> str:
    """Returns the words of a message that has so many files and no others."""
    return f"Sent {count_in_words(count)}."


def typed_with_files(body: str, count: int) -> str:
    """Returns what the author of a message with so many files has typed: nothing, if it has files
    alone."""
    return "" if count and body == alone(count) else body
