"""`people token`, `tokens` and `revoke-token`: makes, lists and ends API tokens of a person."""

import argparse
import sys

from ticket_app.actor import by_command
from ticket_app.cli.options import number
from ticket_app.cli.people.address import add_address
from ticket_app.cli.say import say
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.people import TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX, TokenCreate
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.api_tokens.issuing import (
    make_token_for,
    revoke_token_of,
    tokens_of,
)
from ticket_app.vocabulary import ID_MAX, TokenScope


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the address, the name, the scope and the days."""
    add_address(parser)
    parser.add_argument("--name", default="command line", help="what the token is for")
    parser.add_argument(
        "--scope",
        choices=[scope.value for scope in TokenScope],
        default=TokenScope.READ,
        help="what it may do at most, of what the person may (default: %(default)s)",
    )
    parser.add_argument(
        "--days",
        type=number(1, TOKEN_DAYS_MAX),
        default=TOKEN_DAYS_DEFAULT,
        help=f"days until it expires, {TOKEN_DAYS_MAX} at most (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the token and print it. InvalidInputError for a wrong name, scope or number of days."""
    actor = by_command()
    values = {"name": arguments.name, "scope": arguments.scope, "days": arguments.days}
    new = parse(TokenCreate, values)
    person = directory.find_person(actor, arguments.email)
    made = make_token_for(actor, person.id, new)
    say(made.token)
    say(
        f"It expires on {made.expires_at:%Y-%m-%d} and is shown this once. Send it in the header "
        "Authorization: Bearer TOKEN",
        to=sys.stderr,
    )
    return 0


def add_list_options(parser: argparse.ArgumentParser) -> None:
    """Add the address."""
    add_address(parser)


def add_revoke_options(parser: argparse.ArgumentParser) -> None:
    """Add the address and the id of the token."""
    add_address(parser)
    parser.add_argument(
        "token",
        type=number(1, ID_MAX, "use the id of a token"),
        help="the token's id, as `people tokens` lists it",
    )


def list_tokens(arguments: argparse.Namespace) -> int:
    """Print the person's tokens, the newest first, also those that have expired of late."""
    actor = by_command()
    found = tokens_of(actor, directory.find_person(actor, arguments.email).id)
    if not found:
        say(f"{arguments.email} has no API token.")
        return 0
    say(_row("id", "scope", "expires", "last used", "name"))
    for each in found:
        used = "never" if each.last_used_at is None else f"{each.last_used_at:%Y-%m-%d %H:%M}"
        say(_row(str(each.id), each.scope, f"{each.expires_at:%Y-%m-%d}", used, each.name))
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """End the token. TokenNotFoundError if the person has none with this id."""
    actor = by_command()
    revoke_token_of(actor, directory.find_person(actor, arguments.email).id, arguments.token)
    say(f"Token {arguments.token} of {arguments.email} has ended.")
    return 0


def _row(token_id: str, scope: str, expires: str, used: str, name: str) -> str:
    return f"{token_id:>8}  {scope:<6}  {expires:<10}  {used:<16}  {name}"
