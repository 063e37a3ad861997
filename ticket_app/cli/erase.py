"""`erase`: erases the data of one requester."""

import argparse

from ticket_app.actor import by_command
from ticket_app.addresses import bare_address, composed, is_address
from ticket_app.cli.options import add_yes, confirm
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.services.erasing.remnants import empty_log
from ticket_app.services.erasing.requesters import FoundRequester, erase_requester, find_requester
from ticket_app.vocabulary import ID_MAX

LEFT = (
    "The log of writes beside the database could not be emptied while others read it. It is when "
    "the desk has ended, and the erased texts are gone from it then."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the requester, and the option not to ask."""
    parser.add_argument(
        "who",
        type=_requester,
        metavar="EMAIL|#ID",
        help="the requester's e-mail address, or # and the id of the person",
    )
    add_yes(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what would be erased, ask, and erase it. PersonHasAccountError for someone with an
    account."""
    migrate()
    actor = by_command()
    say("Looking for the tickets of this requester.")
    found = find_requester(actor, arguments.who)
    if found.is_nothing:
        empty_log(actor)  # a run that was interrupted may have left it
        say("There is nothing to erase.")
        return 0
    for line in _in_words(found):
        say(line)
    confirm(yes=arguments.yes)
    done = 0
    for erased in erase_requester(actor, found):
        done += erased
        if erased:
            say(f"{done:>7,} of {found.tickets + found.handed_on:,} tickets")
    if not empty_log(actor):
        say(LEFT)
    say("Erased. Backups of the database keep what they have.")
    return 0


def _in_words(found: FoundRequester) -> list[str]:
    who = " and ".join(f"{name} (#{person_id})" for person_id, name in found.names.items())
    lines = [f"This erases {who or 'what is left of this requester'}:"]
    deleted = f", {found.deleted:,} of them deleted" if found.deleted else ""
    lines.append(
        f"  tickets: {found.tickets:,}{deleted}. Their texts, names and addresses go, in their "
        "histories and suggestions as well. Categories, times and all figures stay."
    )
    if found.handed_on:
        lines.append(
            f"  tickets that belong to others now: {found.handed_on:,}. Names, addresses and texts "
            "go from their histories."
        )
    return lines


def _requester(text: str) -> str | int:
    if text.startswith("#") and text[1:].isdecimal() and 0 < int(text[1:]) <= ID_MAX:
        return int(text[1:])
    address = composed(bare_address(text))
    if not is_address(address):
        raise argparse.ArgumentTypeError(
            "write an e-mail address, or # and an id; for example: ana@example.com or '#12'"
        )
    return address
