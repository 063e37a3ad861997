"""Who may do what to whose object: every address that names one, every sender, every object."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, acting
from tests.api.people.conftest import Team, with_session
from tests.api.people.test_rest_admission import DRAFT as UNSENT_BODY
from tests.api.people.test_rest_admission import NEEDS
from tests.services.desk import opened
from ticket_app.actor import by_command
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.drafting.stored import keep_draft
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.permission import ALLOWED, OF_SCOPE, Verb
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.triage.contract import Draft
from ticket_app.vocabulary import Role, TokenScope

ROB = "rob@example.com"
EMAILS = {Role.REQUESTER: ROB, Role.AGENT: "bea@example.com", Role.ADMINISTRATOR: ADMINISTRATOR}
NEVER = 10**9
RESTORE = ("POST", "/api/tickets/{ticket_id:ticket}/restore/")
REPLY = ("POST", "/api/tickets/{ticket_id:ticket}/messages/")
COPY = ("POST", "/api/tickets/{ticket_id:ticket}/participants/")
UNSENT = ("POST", "/api/tickets/{ticket_id:ticket}/draft/")
BODIES = {REPLY: {"body": "Hello"}, COPY: {"person": "cid@example.com"}}
NAMING = {route for route in NEEDS if "{" in route[1]}
"""The addresses that name an object."""
UPLOAD = ("POST", "/api/tickets/{ticket_id:ticket}/attachments/")
ATTACHMENT = "/api/tickets/{ticket_id:ticket}/attachments/{attachment_id}/"
DRAFT = ("POST", "/api/tickets/{ticket_id:ticket}/drafted-replies/")
OF_DRAFT = "/api/tickets/{ticket_id:ticket}/drafted-replies/{draft_id}/"
KNOWN = {"ticket_id:ticket", "token_id", "person_id", "attachment_id", "participant_id", "draft_id"}
"""The kinds of objects that are tried here. An address with another one fails until it is, too."""
SENDERS = [
    (None, None),
    *((role, scope) for role in Role for scope in (None, *TokenScope)
      if scope is not TokenScope.ADMIN or role is Role.ADMINISTRATOR),
]  # fmt: skip
"""Each role with a session, and with a token of each scope that it may have; and nobody."""

pytestmark = pytest.mark.usefixtures("attachments_folder")


class Objects(NamedTuple):
    """Tickets of Rob, who is the requester of the team, and of someone else."""

    own: int
    foreign: int
    own_deleted: int
    foreign_deleted: int
    never: int = NEVER


def objects() -> Objects:
    found = Objects(*(opened(requester_email=each).id for each in (ROB, "eve@example.com") * 2))
    for deleted in (found.own_deleted, found.foreign_deleted):
        delete_ticket(by_command(), deleted)
    return found


def headers_of(team: Team, role: Role | None, scope: TokenScope | None) -> dict[str, str]:
    """Returns what a sender of this kind sends: a session's cookie, a token, or nothing."""
    if role is None:
        return {}
    if scope is None:
        return with_session(getattr(team, role))
    person = directory.find_person(by_command(), EMAILS[role])
    new = TokenCreate(name="matrix", scope=scope)
    made = issuing.make_token_for(by_command(), person.id, new)
    return {"authorization": f"Bearer {made.token}"}


def send(client: TestClient, route: tuple[str, str], number: int, headers: Any) -> Any:
    method, path = route
    body = {"name": "A new name"} if "person" in path else {"status": "in_progress"}
    address = re.sub(r"\{\w+(:\w+)?\}", str(number), path)
    if route == UPLOAD:
        return client.post(address, files={"file": ("a.txt", b"Hi")}, headers=headers)
    bodies = BODIES | {UNSENT: UNSENT_BODY}
    sent = bodies.get(route, body if method == "PATCH" else None)
    return client.request(method, address, json=sent, headers=headers)


def may(verb: Verb | None, role: Role | None, scope: TokenScope | None) -> bool:
    allowed = ALLOWED[role] if scope is None else ALLOWED[role] & OF_SCOPE[scope]
    return verb is None or (role is not None and verb in allowed)


def expected(route: tuple[str, str], role: Role | None, scope: TokenScope | None) -> Objects:
    """Returns the status with which each object is answered."""
    if role is None:
        return Objects(401, 401, 401, 401, 401)
    if not may(NEEDS[route], role, scope):
        return Objects(403, 403, 403, 403, 403)
    if route == DRAFT:  # without a provider there is no draft for anything
        return Objects(409, 409, 409, 409, 409)
    is_silent = route[0] == "DELETE" or route == UNSENT
    done = 201 if route in (*BODIES, UPLOAD) else 204 if is_silent else 200
    foreign = 404 if role is Role.REQUESTER else done
    if route == RESTORE:
        return Objects(done, foreign, done, foreign, 404)
    return Objects(done, foreign, 404, 404, 404)


def test_every_kind_of_object_that_an_address_names_is_tried_here() -> None:
    named = {name for _, path in NAMING for name in re.findall(r"\{([^}]+)\}", path)}
    assert named <= KNOWN


@pytest.mark.parametrize(("role", "scope"), SENDERS)
@pytest.mark.rest_in_prove("database")
def test_a_ticket_is_for_whom_it_is(
    client: TestClient, team: Team, role: Role | None, scope: TokenScope | None
) -> None:
    headers = headers_of(team, role, scope)
    others = (ATTACHMENT, f"{ATTACHMENT}thumbnail/", OF_DRAFT)
    tried = (each for each in NAMING if "{ticket_id" in each[1] and each[1] not in others)
    for route in sorted(tried):
        tickets = objects()
        answers = {
            name: send(client, route, number, headers) for name, number in tickets._asdict().items()
        }
        found = {name: answer.status_code for name, answer in answers.items()}
        assert found == expected(route, role, scope)._asdict(), route
        assert_told_apart_by_nothing(answers, tickets._asdict())


@pytest.mark.parametrize(("role", "scope"), SENDERS)
@pytest.mark.rest_in_prove("database")
def test_an_attachment_is_for_whom_its_message_is(
    client: TestClient, team: Team, role: Role | None, scope: TokenScope | None
) -> None:
    """Rob's ticket has files with a reply and with a note, and one that an agent has not sent."""
    headers, tickets = headers_of(team, role, scope), objects()
    agent = with_session(team.administrator if role is Role.AGENT else team.agent)
    for number, kind in ((tickets.own, "reply"), (tickets.own, "note"), (tickets.foreign, "reply")):
        one = send(client, UPLOAD, number, agent).json()["id"]
        said = {"body": "See.", "kind": kind, "attachments": [one]}
        client.post(f"/api/tickets/{number}/messages/", json=said, headers=agent)
    send(client, UPLOAD, tickets.own, agent)
    own = may(Verb.REPLY, role, scope) and send(client, UPLOAD, tickets.own, headers).json()["id"]
    read = may(Verb.READ_TICKETS, role, scope)
    notes = may(Verb.USE_NOTES, role, scope)
    found = {
        name: client.get(f"/api/tickets/{ticket}/attachments/{number}/", headers=headers)
        for name, ticket, number in (
            ("reply", tickets.own, 1),
            ("note", tickets.own, 2),
            ("foreign", tickets.foreign, 3),
            ("of another ticket", tickets.own, 3),
            ("not sent", tickets.own, 4),
            ("own", tickets.own, own or NEVER),
            ("never", tickets.own, NEVER),
        )
    }
    refused = 404 if role is not None else 401
    assert {name: answer.status_code for name, answer in found.items()} == {
        "reply": 200 if read else refused,
        "note": 200 if notes else refused,
        "foreign": 200 if notes else refused,
        "of another ticket": refused,
        "not sent": refused,
        "own": 200 if own else refused,
        "never": refused,
    }
    for number in (1, 4):
        removed = client.delete(
            f"/api/tickets/{tickets.own}/attachments/{number}/", headers=headers
        )
        assert removed.status_code in (401, 403, 404)


@pytest.mark.parametrize(("role", "scope"), SENDERS)
@pytest.mark.rest_in_prove("database")
def test_a_draft_is_for_whom_it_was_made(
    client: TestClient, team: Team, role: Role | None, scope: TokenScope | None
) -> None:
    headers, tickets = headers_of(team, role, scope), objects()
    other = Role.ADMINISTRATOR if role is Role.AGENT else Role.AGENT
    makers = {"own": EMAILS[role or Role.REQUESTER], "foreign": EMAILS[other]}
    numbers = {name: drafted(tickets.own, email) for name, email in makers.items()}
    numbers |= {"of another ticket": drafted(tickets.foreign, makers["own"]), "never": NEVER}
    for method in ("GET", "DELETE"):
        answers = {
            name: client.request(
                method, f"/api/tickets/{tickets.own}/drafted-replies/{number}/", headers=headers
            )
            for name, number in numbers.items()
        }
        found = [answer.status_code for answer in answers.values()]
        if role is None or not may(Verb.ASK_PROVIDER, role, scope):
            assert found == [401 if role is None else 403] * 4
        else:
            assert found == [200 if method == "GET" else 204, 404, 404, 404]
        refused = {name: each for name, each in answers.items() if each.status_code >= 400}
        assert_told_apart_by_nothing(refused, numbers)


def drafted(ticket_id: int, email: str) -> int:
    """Returns the number of a draft that this person has for the ticket."""
    maker = acting(directory.find_person(by_command(), email).id, Role.AGENT)
    return keep_draft(maker, ticket_id, Draft("Hello", "openai", "m", "1", 1.0), (), 0).id


def assert_told_apart_by_nothing(answers: Mapping[str, Any], numbers: Mapping[str, int]) -> None:
    """Assert that refusals differ by nothing but the number: so nobody can count what exists."""
    said = {
        (re.sub(rf"\b{numbers[name]}\b", "N", answer.text), str(sorted(shown(answer).items())))
        for name, answer in answers.items()
        if answer.status_code >= 400
    }
    assert len(said) <= 1, said


def shown(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-length"}


@pytest.mark.parametrize(("role", "scope"), SENDERS)
@pytest.mark.rest_in_prove("database")
def test_a_person_is_for_the_team(
    client: TestClient, team: Team, role: Role | None, scope: TokenScope | None
) -> None:
    headers = headers_of(team, role, scope)
    people = {each.email: each.id for each in directory.list_people(by_command())}
    opened(requester_email="eve@example.com")
    numbers = {
        "own": people[EMAILS[role or Role.REQUESTER]],
        "requester": directory.find_person(by_command(), "eve@example.com").id,
        "deactivated": people["gone@example.com"],
        "never": NEVER,
    }
    for route in sorted(each for each in NAMING if "{person_id}" in each[1]):
        answers = {name: send(client, route, each, headers) for name, each in numbers.items()}
        found = [answer.status_code for answer in answers.values()]
        if role is None or not may(NEEDS[route], role, scope):
            assert found == [401 if role is None else 403] * 4, route
        else:
            assert found == [200, 200, 200, 404], route
        assert_told_apart_by_nothing(answers, numbers)


@pytest.mark.parametrize(("role", "scope"), SENDERS)
@pytest.mark.rest_in_prove("database")
def test_a_token_is_revoked_by_its_owner_alone(
    client: TestClient, team: Team, role: Role | None, scope: TokenScope | None
) -> None:
    headers = headers_of(team, role, scope)
    other = Role.AGENT if role is not Role.AGENT else Role.REQUESTER

    def made_by(owner: Role) -> int:
        new = {"name": "export"}
        own = with_session(getattr(team, owner))
        return int(client.post("/api/me/tokens/", json=new, headers=own).json()["id"])

    own, foreign, gone = made_by(role or Role.REQUESTER), made_by(other), made_by(other)
    address = ("DELETE", "/api/me/tokens/{token_id}/")
    send(client, address, gone, with_session(getattr(team, other)))
    numbers = {"own": own, "foreign": foreign, "gone": gone, "never": NEVER}
    answers = {name: send(client, address, number, headers) for name, number in numbers.items()}
    found = [answer.status_code for answer in answers.values()]
    if role is None or scope is not None:
        assert found == [401 if role is None else 403] * 4
    else:
        assert found == [204, 404, 404, 404]
    assert_told_apart_by_nothing(answers, numbers)
