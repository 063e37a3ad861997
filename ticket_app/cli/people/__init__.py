"""`people`: accounts, for the operator. Each sub-command has a purpose, options and a function."""

import argparse
from collections.abc import Callable
from typing import NamedTuple

from ticket_app.cli.people import admin, api_token, changes, links, listing
from ticket_app.data.migrations import migrate


class SubCommand(NamedTuple):
    """A sub-command: its purpose, what adds its options, and what runs it."""

    purpose: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


SUBCOMMANDS = {
    "admin": SubCommand(
        "create an administrator, or set the password of one; the first one closes the desk",
        admin.add_options,
        admin.run,
    ),
    "invite": SubCommand(
        "print the link by which a person gets an account",
        links.add_invitation_options,
        links.invite,
    ),
    "reset": SubCommand(
        "print the link by which a person sets a new password", links.add_options, links.reset
    ),
    "role": SubCommand("change a person's role", changes.add_role_options, changes.change_role),
    "deactivate": SubCommand(
        "let a person in no longer; what they wrote stays, and their open tickets are handed on",
        changes.add_leaving_options,
        changes.deactivate,
    ),
    "activate": SubCommand(
        "let a deactivated person in again", changes.add_options, changes.activate
    ),
    "sign-out": SubCommand("end a person's sessions", changes.add_options, changes.sign_out),
    "second-factor-off": SubCommand(
        "remove a person's second factor and end their sessions",
        changes.add_options,
        changes.remove_second_factor,
    ),
    "unlink": SubCommand(
        "forget who a person is at the provider of single sign-on",
        changes.add_options,
        changes.unlink,
    ),
    "token": SubCommand(
        "print a new API token, by which a program acts for a person",
        api_token.add_options,
        api_token.run,
    ),
    "tokens": SubCommand(
        "list a person's API tokens", api_token.add_list_options, api_token.list_tokens
    ),
    "revoke-token": SubCommand(
        "end one of a person's API tokens", api_token.add_revoke_options, api_token.revoke
    ),
    "list": SubCommand(
        "list agents, administrators and accounts", listing.add_options, listing.run
    ),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands with their options."""
    chosen = parser.add_subparsers(required=True, metavar="command")
    for name, command in SUBCOMMANDS.items():
        options = chosen.add_parser(name, help=command.purpose, description=command.purpose)
        command.add_options(options)
        options.set_defaults(subcommand=command.run)


def run(arguments: argparse.Namespace) -> int:
    """Bring the database up to date, run the chosen sub-command, and return its exit code."""
    migrate()
    return int(arguments.subcommand(arguments))
