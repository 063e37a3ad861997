"""`purge`: removes tickets that were deleted long ago."""

import argparse

from ticket_app.actor import by_command
from ticket_app.cli.options import add_yes, confirm, number
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.services.erasing.purging import (
    DAYS_DEFAULT,
    DAYS_MAX,
    DAYS_MIN,
    count_purgeable,
    purge_tickets,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the number of days, and the option not to ask."""
    parser.add_argument(
        "--older-than",
        type=number(DAYS_MIN, DAYS_MAX),
        default=DAYS_DEFAULT,
        metavar="DAYS",
        help="days since the tickets were deleted (default: %(default)s)",
    )
    add_yes(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say how many tickets it would remove, ask, and remove them."""
    migrate()
    actor, days = by_command(), arguments.older_than
    long_ago = "a day ago or earlier" if days == 1 else f"{days} days ago or earlier"
    found = count_purgeable(actor, days)
    if not found:
        say(f"No ticket was deleted {long_ago}. There is nothing to purge.")
        return 0
    tickets = "1 ticket" if found == 1 else f"{found:,} tickets"
    say(f"This removes {tickets} deleted {long_ago}, with histories and suggestions.")
    confirm(yes=arguments.yes)
    done = 0
    for purged in purge_tickets(actor, days):
        done += purged
        say(f"{done:>9,} of {found:,}")
    say("Purged. All figures stay as they were.")
    return 0
