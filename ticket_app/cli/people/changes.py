"""`people role`, `deactivate`, `activate`, `sign-out`, `second-factor-off` and `unlink`: changes of
one person."""

import argparse

from ticket_app.actor import by_command
from ticket_app.cli.people.address import add_address
from ticket_app.cli.say import say
from ticket_app.services.people import sessions
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.people.signing_in import second_factor, single_sign_on
from ticket_app.services.tickets.assigning.handing_on import hand_on
from ticket_app.vocabulary import Role


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the address."""
    add_address(parser)


def add_leaving_options(parser: argparse.ArgumentParser) -> None:
    """Add the address, and who gets the open tickets."""
    add_address(parser)
    parser.add_argument(
        "--hand-to",
        metavar="EMAIL",
        help="who gets the open tickets of someone who leaves the team (default: nobody)",
    )


def add_role_options(parser: argparse.ArgumentParser) -> None:
    """Add the address and the role."""
    add_leaving_options(parser)
    parser.add_argument("role", choices=[role.value for role in Role])


def change_role(arguments: argparse.Namespace) -> int:
    """Change the role. LastAdministratorError if no administrator would remain."""
    actor = by_command()
    before = directory.find_person(actor, arguments.email)
    role = Role(arguments.role)
    if before.role is role:
        say(f"{arguments.email} has the role {before.role} already.")
        return 0
    person = rights.change_role(actor, before.id, role, _heir(arguments))
    say(f"{arguments.email} has the role {person.role} now, and signs in again.")
    _hand_on(arguments)
    return 0


def deactivate(arguments: argparse.Namespace) -> int:
    """Deactivate the person. LastAdministratorError if no administrator would remain."""
    actor = by_command()
    person = directory.find_person(actor, arguments.email)
    rights.set_active(actor, person.id, False, _heir(arguments))
    say(f"{arguments.email} is not active any more. All sessions and links have ended.")
    _hand_on(arguments)
    return 0


def activate(arguments: argparse.Namespace) -> int:
    """Activate the person, whose password works again."""
    actor = by_command()
    rights.set_active(actor, directory.find_person(actor, arguments.email).id, True)
    say(f"{arguments.email} is active.")
    return 0


def sign_out(arguments: argparse.Namespace) -> int:
    """End the person's sessions."""
    actor = by_command()
    sessions.end_all(actor, directory.find_person(actor, arguments.email).id)
    say(f"All sessions of {arguments.email} have ended.")
    return 0


def remove_second_factor(arguments: argparse.Namespace) -> int:
    """Remove the person's second factor, which they have lost. Their sessions end."""
    actor = by_command()
    person = directory.find_person(actor, arguments.email)
    if second_factor.remove_factor(actor, person.id):
        say(f"{arguments.email} has no second factor any more, and signs in by the password alone.")
    else:
        say(f"{arguments.email} has no second factor.")
    return 0


def unlink(arguments: argparse.Namespace) -> int:
    """Forget who the person is at a provider of single sign-on."""
    actor = by_command()
    if single_sign_on.unlink(actor, directory.find_person(actor, arguments.email).id):
        say(f"The next single sign-on with the address {arguments.email} is a first one again.")
    else:
        say(f"{arguments.email} has never signed in by single sign-on.")
    return 0


def _heir(arguments: argparse.Namespace) -> int | None:
    """Returns the number of the person who gets the open tickets; None for nobody."""
    if arguments.hand_to is None:
        return None
    return directory.find_person(by_command(), arguments.hand_to).id


def _hand_on(arguments: argparse.Namespace) -> None:
    """Hands the tickets on at once: no server may be running."""
    handed = 0
    while some := hand_on(by_command()):
        handed += some
    if handed:
        say(f"{handed} open tickets belong to {arguments.hand_to or 'nobody'} now.")
