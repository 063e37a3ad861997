"""What the addresses of the pages for requesters say."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ticket_app.vocabulary import ID_MAX, MessageKind


def ticket_number(text: Any) -> int:
    """Returns the number of a ticket in an address; 0, which no ticket has, for anything else."""
    digits = len(str(ID_MAX))
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal():
        return 0
    return int(text) if len(text) <= digits and int(text) <= ID_MAX else 0


def key_in(address: str) -> str:
    """Returns the key of a signed link; empty for the address of one's own ticket."""
    return parse_qs(urlsplit(address).query).get("key", [""])[0]


def upload_address(ticket_id: int, address: str) -> str:
    """Returns where the browser uploads the files of a ticket that it has filed."""
    if key := key_in(address):
        query = urlencode({"key": key})
        return f"/api/linked/{ticket_id}/attachments/?{query}"
    return f"/api/tickets/{ticket_id}/attachments/?kind={MessageKind.REPLY}"
