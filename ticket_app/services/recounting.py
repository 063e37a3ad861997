"""Whether the figures that the database keeps are those of its tickets, and making them so."""

from collections.abc import Iterator

from pydantic import BaseModel
from sqlalchemy import Table

from ticket_app.data.engine import allow, reading, writing
from ticket_app.data.figures import recount as queries

RECOUNT_SECONDS = 600
"""How long each statement of a recount may take: it reads every ticket."""


class Difference(BaseModel):
    """A figure that is kept otherwise than the tickets have it."""

    counter: str
    row: str
    figure: str
    kept: int
    counted: int


class Recount(BaseModel):
    """How many tickets were counted, and every figure that differs."""

    tickets: int
    differences: list[Difference]


def recount() -> Recount:
    """Compare every figure with the tickets, all of one moment. Reads each ticket several times."""
    with reading() as session:
        allow(session, RECOUNT_SECONDS)
        found = [
            difference
            for counter in queries.COUNTERS
            for difference in _differences(counter, queries.both(session, counter))
        ]
        return Recount(tickets=queries.present_tickets(session), differences=found)


def repair_figures() -> Recount:
    """As `recount`, and rewrites the counters that differ. Nobody can write a ticket meanwhile."""
    found: list[Difference] = []
    with writing() as session:
        allow(session, RECOUNT_SECONDS)
        queries.keep_writers_out(session)
        for counter in queries.COUNTERS:
            both = queries.both(session, counter)
            differences = list(_differences(counter, both))
            if differences:
                queries.rewrite(session, counter, both.counted)
            found += differences
        if found:
            queries.note_change(session)
        return Recount(tickets=queries.present_tickets(session), differences=found)


def _differences(counter: Table, both: queries.Both) -> Iterator[Difference]:
    for key in sorted(both.kept.keys() | both.counted.keys()):
        kept, counted = both.kept.get(key, {}), both.counted.get(key, {})
        for figure in queries.figure_names(counter):
            if kept.get(figure, 0) != counted.get(figure, 0):
                yield Difference(
                    counter=counter.name,
                    row=", ".join(str(part) for part in key),
                    figure=figure,
                    kept=kept.get(figure, 0),
                    counted=counted.get(figure, 0),
                )
