"""Compares the database's counters with its tickets, and repairs them."""

from collections.abc import Iterator

from pydantic import BaseModel
from sqlalchemy import Table

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, set_statement_timeout, write_transaction
from ticket_app.data.figures import recount as queries
from ticket_app.services.people.permission import Verb, require

RECOUNT_SECONDS = 600
"""Timeout of each statement of a recount, which reads every ticket."""


class Difference(BaseModel):
    """A figure whose stored value (`kept`) is not the one counted from the tickets."""

    counter: str
    row: str
    figure: str
    kept: int
    counted: int


class Recount(BaseModel):
    """The number of counted tickets, and every figure that differs."""

    tickets: int
    differences: list[Difference]


def recount(actor: Actor) -> Recount:
    """Compares every figure with the tickets in one snapshot. Reads each ticket several times."""
    require(actor, Verb.OPERATE)
    with read_transaction() as session:
        set_statement_timeout(session, RECOUNT_SECONDS)
        found = [
            difference
            for counter in queries.COUNTERS
            for difference in _differences(counter, queries.both(session, counter))
        ]
        return Recount(tickets=queries.present_tickets(session), differences=found)


def repair_figures(actor: Actor) -> Recount:
    """As `recount`, and rewrites the counters that differ. Locks out other writers of tickets."""
    require(actor, Verb.OPERATE)
    found: list[Difference] = []
    with write_transaction() as session:
        set_statement_timeout(session, RECOUNT_SECONDS)
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
