"""Tables as plain lines."""

from collections.abc import Iterator, Sequence


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """An empty line, then columns as wide as their content, in the order given."""
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    yield ""
    for row in (heads, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
