"""`demo`: fills a desk with believable tickets for demonstration and experiments."""

import argparse
import gc
from datetime import UTC, datetime

from ticket_app.actor import by_command
from ticket_app.cli.demo_desk.story import Story
from ticket_app.cli.options import number
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.errors import TicketAppError
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.services.tickets.listing import count_tickets

TICKETS = 2_000
TICKETS_MAX = 100_000
SEED = 20
SAY_EVERY = 250
GARBAGE_OBJECTS = 50_000


class DeskNotEmptyError(TicketAppError):
    """The desk holds tickets that somebody may need. Nothing was added to them."""

    code = "desk_not_empty"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the number of tickets and for a desk that is not empty."""
    parser.add_argument(
        "--tickets",
        type=number(1, TICKETS_MAX),
        default=TICKETS,
        help="how many (default: %(default)s)",
    )
    parser.add_argument("--more", action="store_true", help="add to a desk that holds tickets")


def run(arguments: argparse.Namespace) -> int:
    """Fill the desk. DeskNotEmptyError if it holds tickets and `--more` is not given."""
    say("Bringing the database up to date.")
    migrate(say)
    there = count_tickets(by_command(), TicketFilter()).tickets
    if there and not arguments.more:
        raise DeskNotEmptyError(
            "The desk already holds tickets; to add the demo to them: "
            "python -m ticket_app demo --more"
        )
    # A quarter of the time would go into looking for garbage among what stays.
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    say(f"Filing {arguments.tickets:,} tickets of the last 90 days.")
    for filed in Story(SEED + there, datetime.now(UTC)).fill(arguments.tickets):
        if filed % SAY_EVERY == 0:
            say(f"{filed:>7,} of {arguments.tickets:,}")
    say("The desk is filled.")
    return 0
