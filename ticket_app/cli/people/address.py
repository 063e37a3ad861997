"""The e-mail address that names a person on the command line."""

import argparse

from ticket_app.addresses import bare_address, composed, is_address


def add_address(parser: argparse.ArgumentParser) -> None:
    """Add the argument `email`."""
    parser.add_argument("email", type=_address, help="the person's e-mail address")


def _address(text: str) -> str:
    address = composed(bare_address(text))
    if not is_address(address):
        raise argparse.ArgumentTypeError("write an e-mail address, for example: ana@example.com")
    return address
