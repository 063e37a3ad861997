"""`people list`: agents, administrators and everyone with an account, a page at a time."""

import argparse
from datetime import UTC, datetime

from ticket_app.actor import by_command
from ticket_app.cli.options import number
from ticket_app.cli.say import say
from ticket_app.schemas.people import PersonPublic
from ticket_app.services.people.accounts.directory import PAGE_MAX, list_people
from ticket_app.vocabulary import ID_MAX


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the id after which the page begins."""
    parser.add_argument(
        "--after",
        type=number(0, ID_MAX, "use the id of a person"),
        default=0,
        metavar="ID",
        help=f"begin after this id; a page has at most {PAGE_MAX} people",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print one page, and the command for the next one."""
    people = list_people(by_command(), arguments.after)
    if not people:
        say("There is nobody (more).")
        return 0
    say(_row("id", "role", "state", "address", "name"))
    for person in people:
        email = person.email or "-"
        say(_row(str(person.id), person.role, _state(person), email, person.name))
    if len(people) == PAGE_MAX:
        say(f"More: python -m ticket_app people list --after {people[-1].id}")
    return 0


def _state(person: PersonPublic) -> str:
    if not person.active:
        return "inactive"
    if person.has_account:
        return "active"
    return "invited" if person.is_invited(datetime.now(UTC)) else "expired"


def _row(person_id: str, role: str, state: str, email: str, name: str) -> str:
    return f"{person_id:>8}  {role:<13}  {state:<8}  {email:<32}  {name}"
