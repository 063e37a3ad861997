"""`demo`: a believable desk, to look at and to try things on."""

import argparse
from datetime import UTC, datetime

from ticket_app.cli.demo_desk.story import Story
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.errors import TicketAppError
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.services.tickets.listing import count_tickets

TICKETS = 2_000
TICKETS_MAX = 100_000
SEED = 20
SAY_EVERY = 250


class DeskNotEmptyError(TicketAppError):
    """The desk holds tickets that somebody may need; nothing was added to them."""

    code = "desk_not_empty"


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many, and whether beside what there is."""
    parser.add_argument(
        "--tickets", type=_how_many, default=TICKETS, help="how many (default: %(default)s)"
    )
    parser.add_argument("--more", action="store_true", help="add to a desk that holds tickets")


def run(arguments: argparse.Namespace) -> int:
    """Fill the desk. Raises DeskNotEmptyError where that could spoil somebody's own tickets."""
    say("Bringing the database up to date.")
    migrate(say)
    there = count_tickets(TicketFilter()).tickets
    if there and not arguments.more:
        raise DeskNotEmptyError(
            "The desk already holds tickets; to add the demo to them: "
            "python -m ticket_app demo --more"
        )
    say(f"Filing {arguments.tickets:,} tickets of the last 90 days.")
    for filed in Story(SEED + there, datetime.now(UTC)).fill(arguments.tickets):
        if filed % SAY_EVERY == 0:
            say(f"{filed:>7,} of {arguments.tickets:,}")
    say("The desk is filled.")
    return 0


def _how_many(text: str) -> int:
    number = int(text)
    if not 1 <= number <= TICKETS_MAX:
        raise argparse.ArgumentTypeError(f"choose a number from 1 to {TICKETS_MAX:,}")
    return number
