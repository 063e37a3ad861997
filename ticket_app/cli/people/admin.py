"""`people admin`: creates an administrator. `serve` and `dev` create the one of the settings."""

import argparse
from pathlib import Path

from ticket_app.actor import by_command
from ticket_app.cli.people.address import add_address
from ticket_app.cli.people.password_input import PasswordInputError, asked_password, password_in
from ticket_app.cli.say import say
from ticket_app.errors import ConfigurationError, InvalidInputError
from ticket_app.services.people.accounts.administrators import (
    create_administrator,
    create_first_administrator,
)
from ticket_app.services.people.accounts.directory import find_person
from ticket_app.services.people.identity import read_is_open
from ticket_app.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the address, the name, and the file of the password."""
    add_address(parser)
    parser.add_argument("--name", help="the person's name")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="read the password from this file; without it, it is asked for on a terminal, or is "
        "the first line of standard input",
    )


def run(arguments: argparse.Namespace) -> int:
    """Create the administrator. InvalidInputError for a name or a password that breaks a rule."""
    actor = by_command()
    was_open = read_is_open(actor)
    file = arguments.password_file
    password = asked_password() if file is None else password_in(file)
    create_administrator(actor, arguments.email, arguments.name, password)
    say(f"{arguments.email} is an administrator, and signs in with this password.")
    if find_person(actor, arguments.email).has_second_factor:
        say(
            "The second factor of before stays. If it is lost: "
            f"python -m ticket_app people second-factor-off {arguments.email}"
        )
    if was_open:
        say("The desk is closed from now on: everything needs a sign-in, except the public form.")
    return 0


def create_configured_administrator(settings: Settings) -> None:
    """Create the administrator of ADMIN_EMAIL if the desk has no account yet.

    ConfigurationError if the file of the password, or the password, cannot be used.
    """
    email, file = settings.admin_email, settings.admin_password_file
    if email is None or file is None or not read_is_open(by_command()):
        return
    try:
        created = create_first_administrator(by_command(), email, password_in(file))
    except (InvalidInputError, PasswordInputError) as error:
        raise ConfigurationError(
            f"The administrator of ADMIN_EMAIL and ADMIN_PASSWORD_FILE was not created: {error}"
        ) from None
    if created:
        say(f"Created the administrator {email}.")
