"""People as rows of an open transaction: found, added, checked and shown."""

from collections.abc import Sequence

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.addresses import bare_address, composed, is_address
from ticket_app.data.people import accounts, api_tokens, second_factors
from ticket_app.data.people.requesters import person_ids, requester_of
from ticket_app.data.people.tables import Person
from ticket_app.errors import (
    FieldProblem,
    InvalidInputError,
    LastAdministratorError,
    PersonNotFoundError,
)
from ticket_app.schemas.people import PersonPublic
from ticket_app.services.people.assignees import hand_over, take_back
from ticket_app.services.people.audit import end_links_made_by
from ticket_app.texts import has_visible_character
from ticket_app.vocabulary import REQUESTER_NAME_MAX, Role


def person_with(session: Session, actor: Actor, email: str, name: str | None) -> Person:
    """Returns the person with this address, who is added if not known."""
    address, name = _checked_address(email), checked_name(name)
    requester = requester_of(name, address)
    if requester is None:
        raise RuntimeError("a checked address makes a requester")
    # A ticket may add the same person at the same time.
    known = person_ids(session, [requester], actor.at)
    person = existing(session, known[requester.email])
    if name is not None:
        person.name = name
    return person


def existing(session: Session, person_id: int) -> Person:
    if (person := accounts.find_person(session, person_id)) is None:
        raise PersonNotFoundError(person_id)
    return person


def public(session: Session, person: Person) -> PersonPublic:
    (shown,) = all_public(session, [person])
    return shown


def all_public(session: Session, people: Sequence[Person]) -> list[PersonPublic]:
    ids = [id_of(person) for person in people]
    known, until = accounts.with_account(session, ids), accounts.links_until(session, ids)
    secured = second_factors.with_factor(session, ids)
    return [
        PersonPublic(
            id=number,
            name=person.name,
            email=person.email,
            role=Role(person.role),
            active=bool(person.active),  # SQLite has numbers for truth
            has_account=number in known,
            link_until=until.get(number),
            has_second_factor=number in secured,
        )
        for number, person in zip(ids, people, strict=True)
    ]


def id_of(person: Person) -> int:
    if person.id is None:
        raise RuntimeError("the person was not flushed yet")
    return person.id


def _checked_address(email: str) -> str:
    address = composed(bare_address(email))
    if not is_address(address):
        problem = "Write an e-mail address, for example: ana@example.com."
        raise InvalidInputError([FieldProblem("email", problem)])
    return address


def checked_name(name: str | None) -> str | None:
    if name is None or not name.strip():
        return None
    name = name.strip()
    if len(name) > REQUESTER_NAME_MAX or not has_visible_character(name) or not name.isprintable():
        problem = f"Write a name of at most {REQUESTER_NAME_MAX} characters in one line."
        raise InvalidInputError([FieldProblem("name", problem)])
    return name


def set_rights(
    session: Session,
    actor: Actor,
    person: Person,
    *,
    hand_to: int | None = None,
    **values: Role | bool,
) -> int:
    """Sets role or activity under the lock of the desk. Raises LastAdministratorError.

    The open tickets of someone who leaves the team go to the agent `hand_to`, or to nobody.

    API tokens end when the role rises. They would have what the new role allows, and may be older
    than a second factor that it requires.

    Of an administrator who is none any more, the links for passwords end that they have made: one
    of them could set the password of another administrator.
    """
    wanted = {"role": person.role, "active": person.active} | values
    was_agent = _is_agent(person.role, person.active)
    keeps = wanted["role"] == Role.ADMINISTRATOR and wanted["active"]
    was = person.role == Role.ADMINISTRATOR and person.active
    has_password = accounts.find_credential(session, id_of(person)) is not None
    loses_one = was and not keeps and has_password
    if loses_one and not accounts.other_administrators(session, id_of(person)):
        raise LastAdministratorError
    ranks = list(map(str, Role))
    rises = ranks.index(str(wanted["role"])) > ranks.index(person.role)
    for name, value in values.items():
        setattr(person, name, value)
    person.updated_at = actor.at
    session.flush()
    if rises:
        api_tokens.remove_all(session, id_of(person))
    if was and not keeps:
        end_links_made_by(session, id_of(person))
    is_agent = _is_agent(person.role, person.active)
    hand_over(session, actor, id_of(person), leaves=was_agent and not is_agent, to=hand_to)
    if is_agent:
        take_back(session, id_of(person))
    return id_of(person)


def _is_agent(role: str, active: bool) -> bool:
    return bool(active) and role != Role.REQUESTER
