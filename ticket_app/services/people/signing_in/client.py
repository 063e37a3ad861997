"""Where a person signs in."""

from typing import NamedTuple


class Client(NamedTuple):
    """The address of a client, and what its browser calls itself."""

    address: str
    user_agent: str
