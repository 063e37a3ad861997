"""The people of the desk: found, listed, and renamed by themselves."""

from ticket_app.actor import Actor
from ticket_app.addresses import bare_address, composed, folded
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.folding import fold
from ticket_app.data.people import accounts
from ticket_app.data.people.accounts import Wanted
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import (
    FieldProblem,
    InvalidInputError,
    PersonNotFoundError,
)
from ticket_app.schemas.people import (
    PEOPLE_MAX,
    PeopleListQuery,
    PeoplePage,
    PersonPublic,
)
from ticket_app.services.people.accounts.person_rows import (
    all_public,
    checked_name,
    existing,
    id_of,
    public,
)
from ticket_app.services.people.audit import audit_own
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import AuditAction

PAGE_MAX = PEOPLE_MAX


def find_person(actor: Actor, email: str) -> PersonPublic:
    """Returns the person with this address. Raises PersonNotFoundError."""
    require(actor, Verb.MANAGE_PEOPLE)
    with read_transaction(QUICK) as session:
        person = accounts.find_by_address(session, folded(composed(bare_address(email))))
        if person is None:
            raise PersonNotFoundError(email)
        return public(session, person)


def get_person(actor: Actor, person_id: int) -> PersonPublic:
    """Returns the person. Raises PersonNotFoundError."""
    require(actor, Verb.READ_PEOPLE)
    with read_transaction(QUICK) as session:
        return public(session, existing(session, person_id))


def find_people(actor: Actor, query: PeopleListQuery) -> PeoplePage:
    """Returns a page of people, by keyset pagination: by id, or a search in the order of the words
    that it finds. Raises InvalidInputError if a search no longer finds the person `after`."""
    require(actor, Verb.READ_PEOPLE)
    wanted = Wanted(_sought(query.search or ""), query.role, query.active)
    found = _page(wanted, query.after or 0, query.limit + 1)
    shown = found[: query.limit]
    return PeoplePage(shown, shown[-1].id if len(found) > query.limit else None)


def list_people(actor: Actor, after: int = 0, search: str = "") -> list[PersonPublic]:
    """Returns agents, administrators and others with an account, by id, PAGE_MAX at most. A search
    finds every person, as `find_people` does."""
    require(actor, Verb.MANAGE_PEOPLE)
    if sought := _sought(search):
        return _page(Wanted(sought), after, PAGE_MAX)
    with read_transaction(QUICK) as session:
        return all_public(session, accounts.accounts_after(session, after, limit=PAGE_MAX))


def _page(wanted: Wanted, after: int, limit: int) -> list[PersonPublic]:
    with read_transaction(QUICK) as session:
        people = accounts.people_after(session, wanted, after, limit=limit)
        if people is None:
            problem = "The search does not find this person any more. Begin with its first page."
            raise InvalidInputError([FieldProblem("after", problem)])
        return all_public(session, people)


def _sought(search: str) -> str:
    # PostgreSQL refuses a text with NUL.
    return (fold("".join(filter(str.isprintable, search))) or "").strip()


def rename_self(actor: Actor, name: str) -> PersonPublic:
    """Changes the name of the person who acts. Raises InvalidInputError for an empty or a long
    one."""
    require(actor, Verb.USE_ACCOUNT)
    if (checked := checked_name(name)) is None:
        raise InvalidInputError([FieldProblem("name", "Write your name.")])
    with write_transaction(QUICK) as session:
        person = existing(session, actor.identity.person_id or 0)
        if person.name != checked:
            person.name, person.updated_at = checked, actor.at
            audit_own(session, actor, AuditAction.RENAMED, id_of(person))
        return public(session, person)


def me(actor: Actor) -> PersonPublic:
    """Returns the person who acts."""
    require(actor, Verb.USE_ACCOUNT)
    with read_transaction(QUICK) as session:
        return public(session, existing(session, actor.identity.person_id or 0))
