"""The SQL by which a search finds the messages of tickets, in both dialects.

The messages are those of the conversation, which uses tickets. So this is SQL alone, and imports
nothing of it. Migration 0029 has the folded texts and their index.
"""

from enum import StrEnum

from ticket_app.data.direct import DriverConnection
from ticket_app.data.engine import Dialect
from ticket_app.data.plain_sql import Row
from ticket_app.vocabulary import MessageKind


class Messages(StrEnum):
    """How a statement searches messages.

    OF_EACH reads the messages of each ticket that it looks at. BY_INDEX finds the matching ones of
    all tickets by the index of their texts, and BY_SCAN without it. NOT searches titles and
    descriptions alone, for an estimate.
    """

    NOT = "not"
    OF_EACH = "of each"
    BY_INDEX = "by index"
    BY_SCAN = "by scan"


FEW, FREQUENT = 5_000, 20_000
"""Matching messages up to which their index is read, as a scan would read more messages; and from
which on they are too many to read."""
SAMPLED = 400
SAMPLE_HITS = 2
"""Matches among the newest SAMPLED messages that tell how frequent a word is; one may be chance."""

_WITHOUT_INDEX = 'message.folded COLLATE "C"'
_ESTIMATED = "SELECT 1 FROM message WHERE folded LIKE %(pattern)s"
_SAMPLE = f"""
SELECT count(*), (SELECT reltuples FROM pg_class WHERE oid = CAST('message' AS regclass))
FROM (SELECT folded FROM message ORDER BY id DESC LIMIT {SAMPLED}) AS newest
WHERE folded LIKE %(pattern)s
"""
_COUNTED = f"""
SELECT count(*) FROM (
  SELECT 1 FROM message_text WHERE message_text MATCH :phrase LIMIT {FREQUENT}
)
"""


def expected_messages(connection: DriverConnection, values: Row) -> int:
    """Return about how many messages contain the search text of `values`, which has a trigram.

    SQLite counts them up to FREQUENT. PostgreSQL estimates. It takes every word for rare if texts
    are longer than a kilobyte, so FEW or less is compared with the share of the newest messages.
    """
    if connection.dialect == "sqlite":
        ((counted,),) = connection.rows(_COUNTED, values)
        return int(counted)
    expected = connection.estimate(_ESTIMATED, values)
    if expected > FEW:
        return expected
    ((hits, messages),) = connection.rows(_SAMPLE, values)
    return expected if hits < SAMPLE_HITS else max(expected, int(hits * messages / SAMPLED))


def says(how: Messages, dialect: Dialect, restriction: tuple[str, ...]) -> str:
    """Return the condition that a message of a row of `ticket` contains the search text; "" for
    none.

    Those who see a part of the tickets find replies alone.
    """
    if how is Messages.NOT:
        return ""
    if how is not Messages.OF_EACH:
        by_index = how is Messages.BY_INDEX
        return f"ticket.id IN ({_saying(dialect, restriction, by_index=by_index)})"
    of_ticket = f"message.ticket_id = ticket.id{_readable(restriction)}"
    if dialect == "sqlite":
        return (
            "EXISTS (SELECT 1 FROM message CROSS JOIN message_text "
            "ON message_text.rowid = message.id "
            f"WHERE {of_ticket} AND instr(message_text.body, :search))"
        )
    # Without OFFSET, PostgreSQL may look up all messages of the desk once, to save the lookups for
    # each ticket. The collation keeps it from the index of the texts, for the same reason.
    return (
        f"EXISTS (SELECT 1 FROM message WHERE {of_ticket} "
        f"AND {_WITHOUT_INDEX} LIKE %(pattern)s OFFSET 0)"
    )


def tickets_that_say(
    dialect: Dialect, restriction: tuple[str, ...], place: str, wanted: str
) -> str:
    """Select the tickets with a message that contains the search text, each once.

    `place` is the beginning of a statement that selects id and key (`place`) of a row of `ticket`.
    `wanted` are the other conditions of the tickets.
    """
    said = f"(SELECT DISTINCT id FROM ({_saying(dialect, restriction)}) AS saying) AS said"
    if dialect == "sqlite":
        return f"{place} FROM {said} CROSS JOIN ticket USING (id) WHERE {wanted}"
    # OFFSET keeps the planner from reading all tickets: it takes every text for a frequent one.
    return (
        f"SELECT of_message.id, place FROM {said} CROSS JOIN LATERAL "
        f"({place} FROM ticket WHERE ticket.id = said.id AND {wanted} OFFSET 0) AS of_message"
    )


def _saying(dialect: Dialect, restriction: tuple[str, ...], *, by_index: bool = True) -> str:
    """Select the ticket, as `id`, of each message that contains the search text."""
    if dialect == "sqlite":
        contains = "message_text MATCH :phrase" if by_index else "instr(message_text.body, :search)"
        return (
            "SELECT message.ticket_id AS id FROM message_text "
            "CROSS JOIN message ON message.id = message_text.rowid "
            f"WHERE {contains}{_readable(restriction)}"
        )
    folded = "message.folded" if by_index else _WITHOUT_INDEX
    return (
        "SELECT message.ticket_id AS id FROM message "
        f"WHERE {folded} LIKE %(pattern)s{_readable(restriction)}"
    )


def _readable(restriction: tuple[str, ...]) -> str:
    return f" AND message.kind = '{MessageKind.REPLY}'" if restriction else ""
