"""People are found by the beginning of a word of their name, or of their address."""

import unicodedata
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import opened
from ticket_app.actor import by_command
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.errors import InvalidInputError, NotAllowedError
from ticket_app.schemas.people import PeopleListQuery
from ticket_app.services.people.accounts import rights
from ticket_app.services.people.accounts.directory import find_people, get_person
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database")

LIGATURES = "\ufdfa" * 100
"""A name that folding makes eighteen times as long."""


def found(search: str | None = None, **values: object) -> list[str]:
    """Returns the names that an agent finds."""
    query = PeopleListQuery.model_validate({"search": search, **values})
    return [each.name for each in find_people(over_rest(), query).people]


def requester(name: str, email: str) -> None:
    opened(requester_name=name, requester_email=email)


def test_a_requester_is_found_by_what_begins_so_and_by_nothing_else() -> None:
    ana = "Ana Maria O'Neill-L\xf3pez"
    requester(ana, "ana.m@example.com")
    requester("Bob", "bob@example.org")
    begin_so = (
        "ana", "ANA MARIA", "maria o'n", "neill", "o\u2019neill-l\xf3pez", "L\xd3PEZ",
        "lo\u0301pez", "ana.m@ex", "ANA.M@EXAMPLE.com", "example.com", "  \uff21na  ",
    )  # fmt: skip
    assert {search: found(search) for search in begin_so} == {key: [ana] for key in begin_so}
    others = ("na", "maria ana", "m@example", "%", "_", "*", "com", "@")
    assert {search: found(search) for search in others} == {key: [] for key in others}


@pytest.mark.parametrize("name", [LIGATURES, "-- --", "\u6797\u5fd7\u73b2", "\U0010fffd", "'", "9"])
def test_every_name_is_found_by_its_beginning(name: str) -> None:
    requester(name, "x@example.com")
    beginning = unicodedata.normalize("NFKC", name)[:200]
    assert found(beginning) == [name]


def test_a_new_name_or_address_is_found_and_the_old_one_is_not() -> None:
    requester("Ana Lima", "ana@example.com")
    with write_transaction() as session:
        session.execute(text("UPDATE person SET name = 'Bea Luz', email = 'bea@example.org'"))
    assert found("lima") == found("ana") == found("example.com") == []
    assert found("luz") == found("bea") == found("example.org") == ["Bea Luz"]
    with write_transaction() as session:
        session.execute(text("UPDATE ticket SET requester_id = NULL"))
        session.execute(text("DELETE FROM person"))
    with get_engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM person_term")).scalar_one() == 0


def pages(**values: object) -> Iterator[list[str]]:
    """Yields the names of each page of three."""
    after = None
    for _ in range(9):
        query = PeopleListQuery.model_validate({"limit": 3, "after": after, **values})
        page = find_people(over_rest(), query)
        yield [each.name for each in page.people]
        after = page.next_after
        if after is None:
            return


def test_pages_have_everyone_once() -> None:
    names = [f"Lima {'Lima' if each % 2 else 'Ana'} {each}" for each in range(9)]
    for each, name in enumerate(names):
        requester(name, f"lima{each}@lima.example")
    assert [len(page) for page in pages(search="lima")] == [3, 3, 3]
    assert sorted(name for page in pages(search="lima") for name in page) == sorted(names)
    assert [name for page in pages() for name in page] == names
    with pytest.raises(InvalidInputError):
        find_people(over_rest(), PeopleListQuery(search="ana", after=2))


def test_a_role_and_an_activity_narrow_a_list_and_a_search() -> None:
    requester("Lima One", "one@example.com")
    ada = administrator()
    gone = account("gone@example.com", Role.AGENT)
    account("bea@example.com", Role.AGENT)
    rights.set_active(by_command(), gone, False)
    assert get_person(over_rest(), ada).role is Role.ADMINISTRATOR
    assert found(role="agent") == ["gone", "bea"]
    assert found(active="false") == ["gone"]
    assert found(role="agent", active="true") == ["bea"]
    assert found("example.com", role="agent", active="false") == ["gone"]
    assert found("b", role="administrator") == found("lima", active="false") == []
    assert found("lima", role="requester", active="true") == ["Lima One"]


def test_a_requester_finds_nobody_not_even_themselves() -> None:
    administrator()
    bea = account("bea@example.com", Role.REQUESTER)
    for person in (bea, 999):
        with pytest.raises(NotAllowedError):
            get_person(acting(bea, Role.REQUESTER), person)
    with pytest.raises(NotAllowedError):
        find_people(acting(bea, Role.REQUESTER), PeopleListQuery(search="bea"))
