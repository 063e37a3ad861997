"""`people invite` and `people reset`: print a link by which a person sets a password."""

import argparse

from ticket_app.actor import Actor, by_command
from ticket_app.cli.people.address import add_address
from ticket_app.cli.say import say
from ticket_app.services.people.accounts import directory, invitations
from ticket_app.services.people.links import password_link
from ticket_app.settings import get_settings
from ticket_app.vocabulary import LinkPurpose, Role


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the address."""
    add_address(parser)


def add_invitation_options(parser: argparse.ArgumentParser) -> None:
    """Add the address, the role and the name."""
    add_address(parser)
    parser.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.AGENT,
        help="the role of a person who has no account yet (default: %(default)s)",
    )
    parser.add_argument("--name", help="the person's name")


def invite(arguments: argparse.Namespace) -> int:
    """Print the link of an invitation."""
    actor = by_command()
    role = Role(arguments.role)
    token = invitations.invite(actor, arguments.email, arguments.name, role)
    person = directory.find_person(actor, arguments.email)
    if person.has_account:
        say(f"{arguments.email} has an account already, with the role {person.role}.")
    say(f"{arguments.email} sets a password by this link, and has the role {person.role}:")
    _say_link(actor, token, LinkPurpose.INVITATION)
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Print the link to a new password. The old one works until the link is used."""
    actor = by_command()
    token = invitations.reset(actor, directory.find_person(actor, arguments.email).id)
    say(f"{arguments.email} sets a new password by this link; until then the old one works:")
    _say_link(actor, token, LinkPurpose.RESET)
    return 0


def _say_link(actor: Actor, token: str, purpose: LinkPurpose) -> None:
    days = invitations.LIFETIMES[purpose].days
    time = "1 day" if days == 1 else f"{days} days"
    say(password_link(actor, token))
    say(f"It works once, within {time}. Earlier links of this person have ended.")
    if get_settings().desk_url is None:
        say(
            "It works on this machine alone, because DESK_URL is not set; for example: "
            "DESK_URL=https://desk.example.com"
        )
