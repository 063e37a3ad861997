"""Admission to pages: which ones need a sign-in, and where those go who may not see one.

The compiled pages hold no data, so this saves people a page that would stay empty. What a page
shows is decided at each of its events.
"""

from collections.abc import Mapping
from pathlib import Path
from posixpath import normpath

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.actor import over_rest
from ticket_app.api.gateway.redirects import address_of, own_path, see_other
from ticket_app.api.recognition import recognise
from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.services.people import identity
from ticket_app.services.people.permission import Verb, may

SET_UP_FACTOR = "/second-factor"
"""The page for someone whose role needs a second factor. They see no other until they have one."""
TICKET = "/t/[ticket_number]"
"""The page of one ticket. Every address below /t is this page."""
PAGES: Mapping[str, Verb | None] = {
    "/sign-in": None,
    "/sign-in/code": None,
    "/welcome": None,
    "/new": None,
    "/request": None,
    "/": Verb.CHANGE_TICKETS,
    "/board": Verb.CHANGE_TICKETS,
    TICKET: Verb.CHANGE_TICKETS,
    "/insights": Verb.READ_FIGURES,
    "/notifications": Verb.USE_NOTES,
    "/people": Verb.MANAGE_PEOPLE,
    "/audit": Verb.READ_AUDIT,
    "/account": Verb.USE_ACCOUNT,
    SET_UP_FACTOR: Verb.SET_UP_FACTOR,
    "/my": Verb.USE_ACCOUNT,
}
"""What each page needs; None for a page that needs no sign-in. Any other one needs USE_ACCOUNT."""
OF_PEOPLE = ("/sign-in", "/sign-in/code", "/welcome", "/account", SET_UP_FACTOR, "/my")
"""Pages that an open desk has no use for."""


class PageAdmission:
    """ASGI middleware in front of the compiled pages, whose addresses are `pages`.

    Assets and the page for unknown addresses are for everyone.
    """

    def __init__(self, site: ASGIApp, pages: frozenset[str]) -> None:
        self._site = site
        self._pages = pages | PAGES.keys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or redirect it."""
        page = page_of(scope["path"]) if scope["type"] == "http" else ""
        if page not in self._pages or scope["method"] not in ("GET", "HEAD"):
            await self._site(scope, receive, send)
            return
        try:
            is_open = await identity.is_open()
            redirect = _away(page) if is_open else await _redirect(page, scope)
        except (BusyError, DatabaseUnavailableError):
            # The page says by itself that the database does not answer, and shows no data.
            is_open, redirect = False, None
        if redirect is not None:
            await redirect(scope, receive, send)
        elif is_open or PAGES.get(page, Verb.USE_ACCOUNT) is None:
            await self._site(scope, receive, send)
        else:
            await self._site(scope, receive, _never_kept(send))


def page_of(path: str) -> str:
    """Return the address of the page that a path leads to, as the files of the site are found.

    `/board/`, `//board`, `/x/../board`, `/board.html` and `/board/index.html` are `/board`, and
    `/t/7` is TICKET.
    """
    page = normpath(f"/{path.lstrip('/')}")
    page = page.removesuffix(".html").removesuffix("/index") if page.endswith(".html") else page
    parent, _, name = page.rpartition("/")
    return TICKET if parent == "/t" and name else page or "/"


class PrivatePages:
    """Contains the addresses of the pages that need a sign-in."""

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and PAGES.get(page_of(path)) is not None


def compiled_pages(client: Path) -> frozenset[str]:
    """Return the addresses of the pages in `client`, without those for unknown addresses."""
    found = {page_of(f"/{each.relative_to(client).as_posix()}") for each in client.rglob("*.html")}
    return frozenset(found - {"/404", "/__spa-fallback"})


def _away(page: str) -> Response | None:
    return see_other("/") if page in OF_PEOPLE else None


async def _redirect(page: str, scope: Scope) -> Response | None:
    verb = PAGES.get(page, Verb.USE_ACCOUNT)
    if verb is None:
        return None
    actor = over_rest(await recognise(scope))
    if may(actor, verb):
        return None
    if actor.identity.awaits_factor:
        return see_other(SET_UP_FACTOR)
    if actor.identity.role is None:
        return see_other("/sign-in", next=own_path(address_of(scope)))
    # A requester sees a ticket of theirs on their own page.
    name = scope["path"].rstrip("/").rpartition("/")[2] if page == TICKET else ""
    return see_other("/my", ticket=name if name.isascii() and name.isdecimal() else "")


def _never_kept(send: Send) -> Send:
    """Return a `send` for a page that needs a sign-in: the Back button then asks again after a
    sign-out."""

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            others = [each for each in message["headers"] if each[0].lower() != b"cache-control"]
            message = {**message, "headers": [*others, (b"cache-control", b"no-store")]}
        await send(message)

    return send_on
