"""Adds the index by which the words of one requester are found, to erase them.

Revision: 0031.

A person copied on tickets of others has written there, too. Building the index locks the messages
against writers.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the index, of requesters' messages alone."""
    op.execute(
        "CREATE INDEX message_author ON message (author_id, id) "
        "WHERE author_id IS NOT NULL AND side = 'requester'"
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP INDEX message_author")
