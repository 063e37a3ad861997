"""Similar tickets are the nearest by text, for any text, on both databases."""

from collections.abc import Mapping
from random import Random

import pytest
from sqlmodel import Session

from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.data.tickets import similar as queries
from ticket_app.data.tickets.similar import Beginning
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.tickets import similar
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.services.tickets.similar import similar_tickets
from ticket_app.services.tickets.similarity import LOOKUP_LETTERS, WORD_LETTERS

EXPORT = "The nightly export of our contacts stops at row 5000 with the message quota exceeded."
OTHERS = (
    ("Invoice", "Please send me the invoice of March once more, the last one went astray."),
    ("Password", "I cannot remember my password and the link in the letter is too old."),
    ("Colours", "Would you consider a dark theme? My eyes are not what they were."),
    ("Gift", "The ribbon on the present was silver where I had chosen gold."),
    ("Slow", "Opening the calendar takes half a minute since the release on Tuesday."),
)


@pytest.fixture(params=["among the newest", "by the index"])
def desk(request: pytest.FixtureRequest, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few tickets that share only frequent words; fewer than are sampled, or as many."""
    if request.param == "by the index":
        monkeypatch.setattr(similar, "SAMPLED", len(OTHERS))
    open_others()


def open_others() -> None:
    for title, description in OTHERS:
        opened(title=title, description=description)


def similar_ids(ticket: TicketPublic, limit: int = 5) -> list[int]:
    """Returns the ids of the tickets similar to this one."""
    return [found.ticket.id for found in similar_tickets(over_rest(), ticket.id, limit)]


@pytest.mark.usefixtures("desk")
def test_the_nearest_is_first() -> None:
    near = opened(title="Export", description=f"{EXPORT} Since Monday.")
    nearer = opened(title="Export stops", description=EXPORT)
    far = opened(title="Contacts", description="Our contacts have a quota? It stops us at times.")
    asked = opened(title="Export stops", description=EXPORT.upper())
    found = similar_tickets(over_rest(), asked.id, 5)
    assert [one.ticket for one in found] == [nearer, near, far]
    assert found[0].similarity == 1.0 > found[1].similarity > found[2].similarity > 0
    assert {"contacts", "quota", "stops"} <= set(found[2].shared_words)
    assert len(found[0].shared_words) == 8


@pytest.mark.usefixtures("desk")
def test_of_equals_the_newest_is_first() -> None:
    ids = [opened(title="Export", description=EXPORT).id for _ in range(4)]
    assert similar_ids(opened(title="Export", description=EXPORT)) == ids[::-1]
    assert similar_ids(opened(title="Export", description=EXPORT), 2) == [ids[-1] + 1, ids[-1]]


@pytest.mark.usefixtures("desk")
def test_old_ones_are_found_as_well() -> None:
    near = opened(title="Export", description=f"{EXPORT} Since Monday.")
    nearer = opened(title="Export stops", description=EXPORT)
    deleted = opened(title="Export stops", description=EXPORT)
    open_others()
    asked = opened(title="Export stops", description=EXPORT)
    delete_ticket(over_rest(), deleted.id)
    assert similar_ids(asked) == [nearer.id, near.id]
    assert similar_ids(asked, 1) == [nearer.id]


@pytest.mark.usefixtures("desk")
def test_what_every_ticket_says_is_no_similarity() -> None:
    for title, description in OTHERS:
        opened(title=title, description=f"{description} Thanks and kind regards.")
    asked = opened(title="Export", description="Contacts vanish overnight. Thanks, kind regards.")
    assert similar_ids(asked) == []


@pytest.mark.usefixtures("desk")
def test_neither_itself_nor_a_deleted_ticket_is_similar() -> None:
    deleted = opened(title="Export", description=EXPORT)
    kept = opened(title="Export", description=EXPORT)
    asked = opened(title="Export", description=EXPORT)
    delete_ticket(over_rest(), deleted.id)
    assert similar_ids(asked) == [kept.id]
    delete_ticket(over_rest(), asked.id)
    with pytest.raises(TicketNotFoundError):
        similar_ids(asked)


@pytest.mark.usefixtures("desk")
def test_a_new_text_has_other_neighbours() -> None:
    near = opened(title="Export", description=EXPORT)
    asked = opened(title="Unlike", description="Nothing whatsoever resembles these sentences.")
    assert similar_ids(asked) == []
    changed(asked.id, description=EXPORT)
    assert similar_ids(asked) == [near.id]


ANY_TEXT = (
    ("Die Brücke zur Buchhaltung ist gestört", "DIE BRÜCKE ZUR BUCHHALTUNG IST GESTÖRT"),
    ("ошибка оплаты при продлении", "ОШИБКА ОПЛАТЫ ПРИ ПРОДЛЕНИИ"),
    ("İstanbul şubesi giriş yapamıyor", "İstanbul ŞUBESI GIRIŞ yapamıyor"),
    ("支付失败了 订单重复扣款", "订单重复扣款 支付失败了"),
    (r"C:\temp\export% 'user_name' is \"broken\"", r"C:/TEMP/EXPORT: user name IS broken!"),
    ("%%% ___ \\\\ ''' \"\"\" printer jammed", "the printer, jammed"),
    ('") OR ("printer" NEAR jammed*', "OR: printer near jammed"),
)


@pytest.mark.usefixtures("desk")
def test_any_text() -> None:
    for text, same in ANY_TEXT:
        near = opened(title="A", description=same)
        open_others()
        asked = opened(title="B", description=text)
        assert similar_ids(asked) == [near.id], text
        for ticket in (near, asked):  # two of them have a word in common
            delete_ticket(over_rest(), ticket.id)


@pytest.mark.usefixtures("desk")
def test_a_text_without_words_is_like_none() -> None:
    for text in ("?!", "a b c", "% _ \\ ' \"", "🔥🔥🔥", "so is it"):
        opened(title="-", description=text)
        assert similar_ids(opened(title="-", description=text)) == [], text


@pytest.mark.usefixtures("desk")
def test_of_a_long_text_the_beginning_counts() -> None:
    rest = " ".join(f"{Random(7).getrandbits(64):x}{number}" for number in range(2_000))
    near = opened(title="Export", description=EXPORT)
    asked = opened(title="Export", description=f"{EXPORT}{' ' * 2_000}{rest}"[:20_000])
    assert similar_ids(asked) == [near.id]
    assert similar_ids(near) == [asked.id]
    whole = opened(title="Export", description=rest[:20_000])
    assert len(similar_ids(whole)) <= 5


@pytest.mark.usefixtures("desk")
def test_of_a_long_word_the_beginning_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[str] = []
    beginnings_with = queries.beginnings_with

    def recorded(session: Session, words: Mapping[str, float], **kept: int) -> list[Beginning]:
        asked_for.extend(words)
        return beginnings_with(session, words, **kept)

    monkeypatch.setattr(queries, "beginnings_with", recorded)
    random = Random(7)
    digits = "".join(random.choice("0123456789") for _ in range(1_900))
    near = opened(title="A", description=digits[:1_800])
    other = opened(title="B", description=digits[1_000:])
    open_others()
    (found,) = similar_tickets(over_rest(), opened(title="C", description=digits[:1_700]).id, 5)
    assert found.ticket.id == near.id != other.id
    assert {len(word) for word in found.shared_words} == {WORD_LETTERS}
    assert max(map(len, asked_for), default=0) <= LOOKUP_LETTERS


@pytest.mark.usefixtures("database")
def test_the_only_ticket_is_like_none() -> None:
    assert similar_ids(opened()) == []


@pytest.mark.usefixtures("database")
def test_two_of_a_kind_are_a_desk() -> None:
    first, second = opened(description=EXPORT), opened(description=EXPORT)
    assert similar_ids(first) == [second.id]


@pytest.mark.usefixtures("database")
def test_no_ticket_no_answer() -> None:
    with pytest.raises(TicketNotFoundError):
        similar_tickets(over_rest(), 4_711, 5)
