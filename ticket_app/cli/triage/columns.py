"""Tables as lines of plain text."""

from collections.abc import Iterator, Sequence


def columns(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False
) -> Iterator[str]:
    """Yield an empty line, then the rows in columns as wide as their content.

    With `numbers`, all columns but the first are aligned to the right.
    """
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    yield ""
    for row in (heads, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if numbers:
            cells[1:] = [cell.strip().rjust(len(cell)) for cell in cells[1:]]
        yield "  ".join(cells).rstrip()
