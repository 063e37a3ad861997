"""Every public verb of services decides what its actor may do, before anything else."""

import ast
import asyncio
import inspect
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_type_hints

import pytest

from tests.services.desk import PLAIN
from tests.services.test_signatures import SERVICES, name_of, takes_an_actor
from ticket_app import services
from ticket_app.actor import Actor, Identity, over_rest
from ticket_app.errors import NotAllowedError, SecondFactorRequiredError, SignInRequiredError
from ticket_app.schemas.tickets import TicketCreate, TicketUpdate
from ticket_app.services.people.permission import ALLOWED, OF_SCOPE, Verb
from ticket_app.services.tickets import changing
from ticket_app.services.tickets.filing import Request, file_all_once
from ticket_app.vocabulary import Role, TokenScope

UNDECIDED = {
    "health.check_health": "A load balancer has no account.",
    "health.health_unknown": "A load balancer has no account.",
    "health.visible_health": "It leaves out what its actor may not see.",
    "people.accounts.invitations.link_holder": "The token of a link says whose account it is.",
    "people.accounts.invitations.use_link": "The token of a link says whose account it is.",
    "people.api_tokens.bearer.read_bearer": "It finds out who the actor is.",
    "people.identity.read_identity": "It finds out who the actor is.",
    "people.identity.read_is_open": "It finds out who the actor is.",
    "people.permission.may": "It decides.",
    "people.permission.require": "It decides.",
    "people.permission.scope_of": "It decides.",
    "people.sessions.begin": "Nobody has a session before; its caller has checked a password.",
    "people.sessions.forget_own": "It forgets the session of the actor alone.",
    "people.ticket_links.holder_of": "The key of a link says which ticket it is of.",
    "people.signing_in.sealed_flow.seal": "It keeps what the actor's own browser has begun.",
    "people.signing_in.sealed_flow.unseal": "It reads what the actor's own browser has kept.",
    "people.signing_in.single_sign_on.enter": "It finds out who the actor is, by a provider.",
    "people.signing_in.single_sign_on.began_by_provider": "It reads the session of the actor.",
    "people.signing_in.single_sign_on.record_failure": "The actor's own sign-in has failed.",
    "people.signing_in.sign_in.set_password": "The token of a link says whose account it is.",
    "people.signing_in.sign_in.sign_in": "It finds out who the actor is, by a password.",
    "people.signing_in.code_step.enter_code": "It finds out who the actor is, by a code.",
    "people.sessions.end_own": "It ends the session of the actor alone.",
    "conversation.drafts.saving.draft_row": "It only makes a row, which is not stored.",
    "conversation.drafts.saving.tell": "It tells the author of a draft alone.",
    "threads.run": "It hands the actor on to a service.",
    "tickets.listing.as_seen_by": "It leaves out what its actor may not see.",
    "tickets.changing.require_match": "It compares what its actor sees.",
    "conversation.attachments.linked_files.linked_uploader": "The key of a link says of which.",
    "conversation.attachments.linked_files.linked_unsent_files": "As above.",
    "conversation.attachments.linked_files.delete_linked_unsent": "As above.",
    "conversation.linked.linked_conversation": "The key of a link says which ticket it is of.",
    "conversation.linked.answer_linked": "The key of a link says which ticket it is of.",
    "conversation.linked.close_linked": "The key of a link says which ticket it is of.",
    "conversation.attachments.reading.uploader_of": "It says whose the actor's own files are.",
    "tickets.own.as_requester": "It takes away what the actor may do beyond a requester.",
    "tickets.links.holder": "The key of a link says which ticket it is of.",
    "tickets.links.linked_ticket": "The key of a link says which ticket it is of.",
    "tickets.filing.may_await_provider": "It answers about the actor alone.",
    "drafting.drafting.can_draft": "It answers about the actor alone.",
}
"""The verbs that make no decision, each with the reason."""
REFUSALS = (SignInRequiredError, NotAllowedError, SecondFactorRequiredError)
SAMPLES: dict[Any, Any] = {int: 999_999, str: "x"}

ROLES = {
    "nobody": Identity(None),
    "requester": Identity(Role.REQUESTER, person_id=1, session_key="k"),
    "agent": Identity(Role.AGENT, person_id=1, session_key="k"),
    "open desk": Identity(Role.AGENT),
    "administrator": Identity(Role.ADMINISTRATOR, person_id=1, session_key="k"),
    "holder of a link": Identity(None, ticket_id=7),
    "one who awaits a factor": Identity(None, person_id=1, session_key="k", awaits_factor=True),
    **{
        f"{scope} token of {role}": Identity(role, person_id=1, token_scope=scope)
        for role in Role
        for scope in TokenScope
    },
}


def verbs_in(modules: Iterator[Any]) -> dict[str, Callable[..., Any]]:
    """Returns the public functions of modules that take an actor, by their names in services."""
    return {
        name_of(each).removeprefix(f"{SERVICES}."): each
        for module in modules
        for name, each in vars(module).items()
        if inspect.isfunction(each) and each.__module__ == module.__name__
        if not name.startswith("_") and takes_an_actor(each)
    }


def every_verb() -> dict[str, Callable[..., Any]]:
    """Returns every public verb of services."""
    packages = walk_packages(services.__path__, f"{SERVICES}.")
    return verbs_in(import_module(package.name) for package in packages)


def decision_of(verb: Callable[..., Any], seen: frozenset[str] = frozenset()) -> Verb | None:
    """Returns what a verb requires of its own actor, itself or by another verb that it calls."""
    if name_of(verb) in seen:
        return None
    seen |= {name_of(verb)}
    for call in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(verb)))):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        called = ast.unparse(call.func)
        if called == "require":
            return Verb[ast.unparse(call.args[1]).removeprefix("Verb.")]
        other = _named(called, inspect.getmodule(verb))
        if inspect.isfunction(other) and other.__module__.startswith(SERVICES):
            hands_on = any(_mentions_actor(each) for each in call.args)
            if hands_on and (found := decision_of(other, seen)):
                return found
    return None


def _named(dotted: str, module: Any) -> Any:
    found = module
    for part in dotted.split("."):
        found = getattr(found, part, None)
    return found


def _mentions_actor(argument: ast.AST) -> bool:
    names = (node.id for node in ast.walk(argument) if isinstance(node, ast.Name))
    return bool({"actor", "requests", "each", "request"}.intersection(names))


DECIDED = {name: decision_of(verb) for name, verb in every_verb().items()}


def test_every_verb_decides_or_says_why_it_does_not() -> None:
    assert len(DECIDED) > 50
    assert {name for name, verb in DECIDED.items() if verb is None} == UNDECIDED.keys()


def test_a_verb_without_a_decision_is_found() -> None:
    assert decision_of(without_a_decision) is None


def without_a_decision(actor: Actor, ticket_id: int) -> int:
    return ticket_id


def arguments_of(verb: Callable[..., Any], actor: Actor) -> list[Any]:
    """Returns this actor, and a value for each further parameter: of no use beyond a decision."""
    if verb is file_all_once:
        return [[Request(actor, TicketCreate.model_validate(PLAIN))]]
    if verb is changing.update_all_at_once:
        return [[changing.Request(actor, 1, TicketUpdate(status="closed"))]]
    hints = get_type_hints(verb)
    parameters = [
        each
        for each in inspect.signature(verb).parameters.values()
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    return [actor, *(SAMPLES.get(hints[each.name]) for each in parameters[1:])]


def required_keywords(verb: Callable[..., Any]) -> dict[str, None]:
    parameters = inspect.signature(verb).parameters.values()
    return {each.name: None for each in parameters if each.kind is each.KEYWORD_ONLY}


def refusal_of(verb: Callable[..., Any], actor: Actor) -> type[Exception] | None:
    """Returns the class of the error with which the verb refuses the actor, if it does."""
    try:
        result = verb(*arguments_of(verb, actor), **required_keywords(verb))
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
    except REFUSALS as error:
        return type(error)
    except Exception:  # noqa: BLE001  # beyond its decision, a verb may dislike the samples
        return None
    refused = isinstance(result, list) and result and isinstance(result[0], REFUSALS)
    return type(result[0]) if refused else None


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("who", ROLES)
def test_a_verb_refuses_whom_its_decision_refuses(who: str) -> None:
    identity = ROLES[who]
    wrong = {}
    for name, verb in every_verb().items():
        decision = DECIDED[name]
        if decision is None:
            continue
        refused = refusal_of(verb, over_rest(identity))
        if refused is not expected(decision, identity):
            wrong[name] = refused
    assert wrong == {}


def expected(decision: Verb, identity: Identity) -> type[Exception] | None:
    if identity.awaits_factor:
        return None if decision is Verb.SET_UP_FACTOR else SecondFactorRequiredError
    allowed = ALLOWED[identity.role]
    if identity.ticket_id is not None:
        allowed |= {Verb.READ_TICKETS, Verb.REPLY}
    if identity.person_id is None:
        allowed -= {Verb.USE_ACCOUNT, Verb.SET_UP_FACTOR}
    if identity.token_scope is not None:
        allowed &= OF_SCOPE[identity.token_scope]
    if decision in allowed:
        return None
    return SignInRequiredError if identity.role is None else NotAllowedError
