"""No query of tickets that a person reads can forget whose tickets they are."""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_type_hints

from sqlmodel import Session

from ticket_app.data import tickets
from ticket_app.data.direct import DriverConnection
from ticket_app.data.people.scope import Scope
from ticket_app.settings import ROOT

WITHOUT_SCOPE = {
    "changing.change_ticket": "It writes a ticket that was read within a scope.",
    "changing.change_tickets": "It writes tickets that were read for people who see every ticket.",
    "changing.current_tickets": "Each request of the batch needs a verb of those who see all.",
    "events.add_events": "It writes.",
    "events.insert_events": "It writes.",
    "sorting.reading.read_page": "Its shape has the condition of the scope.",
    "queries.changes_between": "Only agents read histories; they see every ticket.",
    "queries.changes_since": "Only those who change tickets ask, of a ticket that is locked.",
    "queries.find_key": "It finds a number of the key's own actor.",
    "queries.suggestions_for": "Only agents read suggestions, of a ticket that was found before.",
    "queries.leaver_with_tickets": "A task of the server; it finds the number of a person alone.",
    "queries.lock_unsettled_of": "A task of the server.",
    "queries.remove_older_keys": "A task of the server.",
    "queries.address_changes_after": "Only a command of the server asks, to erase what it finds.",
    "queries.erasings_after": "A task of the server; it finds numbers of tickets alone.",
    "queries.last_erasing": "A task of the server; it finds a number alone.",
    "queries.was_erased_after": "It tells that something was erased, and not what.",
    "queries.erased_at": "Its caller has found the ticket in its scope; it tells a time alone.",
    "requesters.lock_unlinked": "A task of the server.",
    "requesters.link_tickets": "A task of the server.",
    "searching.messages.expected_messages": "It tells how to search, and is in no answer.",
    "similar.beginning_of": "Only agents compare tickets; they see every ticket.",
    "similar.beginnings_with": "Only agents compare tickets; they see every ticket.",
    "similar.newest_beginnings": "Only agents compare tickets; they see every ticket.",
}
"""The functions on a database that take no scope, each with the reason."""
DECIDES = ROOT / "ticket_app" / "services" / "people" / "permission.py"


def on_a_database() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yields the public functions of data/tickets that take a session or a connection."""
    within = f"{tickets.__name__}."
    for found in walk_packages(tickets.__path__, within):
        module = import_module(found.name)
        for name, each in vars(module).items():
            if inspect.isfunction(each) and each.__module__ == module.__name__:
                takes = set(get_type_hints(each).values()) & {Session, DriverConnection}
                if takes and not name.startswith("_"):
                    yield f"{found.name.removeprefix(within)}.{name}", each


def test_each_query_of_tickets_takes_a_scope_or_says_why_not() -> None:
    functions = dict(on_a_database())
    without = {
        name
        for name, each in functions.items()
        if get_type_hints(each).get("scope") is not Scope
        or inspect.signature(each).parameters["scope"].default is not inspect.Parameter.empty
    }
    assert len(functions) > len(without) > 0
    assert without == WITHOUT_SCOPE.keys()


def test_one_module_of_services_makes_scopes() -> None:
    """All others take the scope of their actor."""
    sources = (ROOT / "ticket_app" / "services").rglob("*.py")
    makers = [path for path in sources if "people.scope" in path.read_text(encoding="utf-8")]
    assert makers == [DECIDES]
