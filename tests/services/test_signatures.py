"""Every public verb of services learns first who acts, by which edge, and when."""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from ticket_app.actor import Actor
from ticket_app.errors import TicketAppError
from ticket_app.settings import ROOT

SERVICES = "ticket_app.services"
NO_VERBS = {
    # At the end of a process, which waits for its own rows of the ledger.
    f"{SERVICES}.triage.ledger.flush",
    # Before there is an actor: they say who acts.
    f"{SERVICES}.people.identity.identify",
    f"{SERVICES}.people.identity.identify_by_key",
    f"{SERVICES}.people.identity.is_open",
    f"{SERVICES}.people.identity.refresh",
    f"{SERVICES}.people.identity.hearing_of_endings",
    f"{SERVICES}.people.identity.told_of_endings",
    f"{SERVICES}.people.api_tokens.bearer.identify_bearer",
    # Arithmetic on a header and on a token.
    f"{SERVICES}.people.tokens.token_in",
    f"{SERVICES}.people.tokens.digest",
    # Arithmetic on the fields of a change.
    f"{SERVICES}.tickets.changing.needs_no_lock",
    # Arithmetic on the result of `last_tickets`.
    f"{SERVICES}.triage.replay.compare",
}


def used_services(source: str) -> Iterator[Any]:
    """Yields what a module uses of services: imported names, and attributes of imported modules."""
    tree = ast.parse(source)
    named = dict(imported(tree))
    yield from named.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield resolved(node, named)


def imported(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yields each name that a module imports from services, with its object."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(name.name.startswith(SERVICES) for name in node.names)
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                if f"{node.module}.{name.name}.".startswith(f"{SERVICES}."):
                    package = import_module(node.module or "")
                    yield name.asname or name.name, attribute(package, name.name)


def resolved(node: ast.AST, named: Mapping[str, Any]) -> Any:
    """Returns the object of a dotted name that begins with a module; None for anything else."""
    if isinstance(node, ast.Name):
        return named.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = resolved(node.value, named)
        return attribute(owner, node.attr) if isinstance(owner, ModuleType) else None
    return None


def attribute(module: ModuleType, name: str) -> Any:
    """Returns a name of a module, which may be a module of its own that nobody has imported yet."""
    with suppress(ModuleNotFoundError):  # it is no module
        return import_module(f"{module.__name__}.{name}")
    return getattr(module, name)


def made_services(source: str) -> Iterator[type]:
    """Yields the classes of services of which a module makes instances."""
    tree = ast.parse(source)
    named = dict(imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            made = resolved(node.func, named)
            if isinstance(made, type):
                yield made


def is_value(made: type) -> bool:
    """Returns True for a tuple, a schema or an error: nothing that acts."""
    return issubclass(made, tuple | BaseModel | TicketAppError)


def name_of(verb: Callable[..., Any]) -> str:
    """Returns the full name of a function."""
    return f"{verb.__module__}.{verb.__qualname__}"


def other_rooms() -> Iterator[str]:
    """Yields the source of each module outside services."""
    for path in sorted((ROOT / "ticket_app").rglob("*.py")):
        if (ROOT / "ticket_app" / "services") not in path.parents:
            yield path.read_text(encoding="utf-8")


def verbs() -> dict[str, Callable[..., Any]]:
    """Returns each function of services that another room uses, by its full name."""
    return {
        name_of(each): each
        for source in other_rooms()
        for each in used_services(source)
        if inspect.isroutine(each) and each.__module__.startswith(SERVICES)
    }


def takes_an_actor(verb: Callable[..., Any]) -> bool:
    """Returns True if the first parameter is an Actor, or a sequence of values that have one."""
    hints = get_type_hints(verb)
    first = hints[next(iter(inspect.signature(verb).parameters), "return")]
    if get_origin(first) is Sequence:
        (first,) = get_args(first)
        return get_type_hints(first).get("actor") is Actor
    return bool(first is Actor)


def test_every_verb_that_another_room_uses_takes_an_actor() -> None:
    found = verbs()
    assert len(found) > 30
    assert [n for n, verb in found.items() if n not in NO_VERBS and not takes_an_actor(verb)] == []


def test_other_rooms_make_only_values_of_services() -> None:
    """A method has no actor as its first parameter, so what acts is made by a verb."""
    made = {each for source in other_rooms() for each in made_services(source)}
    assert made
    assert [each.__qualname__ for each in made if not is_value(each)] == []


def test_an_object_that_acts_is_found() -> None:
    source = (
        f"from {SERVICES}.triage import ledger\nfrom {SERVICES}.tickets.filing import Request\n"
        "ledger.Ledger(purpose), Request(actor, new)\n"
    )
    assert {each.__name__: is_value(each) for each in made_services(source)} == {
        "Ledger": False,
        "Request": True,
    }


def test_a_verb_without_an_actor_is_found() -> None:
    source = (
        "from ticket_app import services\n"
        f"from {SERVICES}.tickets import filing, listing\n"
        f"from {SERVICES}.triage.ledger import spent_today\n"
        "filing.has_provider(), filing.file_all_once([]), listing.get_ticket\n"
        "services.tickets.keys.expire_idempotency_keys(), services.triage.report.share(1, 2)\n"
    )
    used = [each for each in used_services(source) if inspect.isroutine(each)]
    found = {name_of(each): takes_an_actor(each) for each in used}
    assert found == {
        f"{SERVICES}.tickets.keys.expire_idempotency_keys": True,
        f"{SERVICES}.triage.report.share": False,
        f"{SERVICES}.triage.ledger.spent_today": False,
        f"{SERVICES}.tickets.filing.has_provider": False,
        f"{SERVICES}.tickets.filing.file_all_once": True,
        f"{SERVICES}.tickets.listing.get_ticket": True,
    }
