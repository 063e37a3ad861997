"""`followers`: shows how far each follower of the record of events is behind it."""

import argparse

from ticket_app.actor import by_command
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.services.followers.lag import COUNTED_MAX, Lag, followers


def run(_: argparse.Namespace) -> int:
    """Print a line for each follower. Return 1 if one has given up an event, else 0."""
    migrate()
    found = followers(by_command())
    if not found:
        say("No follower has begun. Each begins when a server runs.")
    for lag in found:
        say(_line(lag))
        if lag.given_up:
            say(f"  given up: {lag.given_up:,}, from event {lag.first_given_up} on; see the log")
    return 1 if any(lag.given_up for lag in found) else 0


def _line(lag: Lag) -> str:
    more = " or more" if lag.events == COUNTED_MAX else ""
    holder = "nobody"
    if lag.holder and lag.leased_until:
        holder = f"{lag.holder} until {lag.leased_until:%H:%M:%S} UTC"
    return (
        f"{lag.name}: at event {lag.position}, {lag.events:,}{more} behind ({lag.seconds:.0f} s), "
        f"held by {holder}, {lag.waiting:,} put aside"
    )
