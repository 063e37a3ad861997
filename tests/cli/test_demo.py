"""The demo fills the desk with believable tickets through the services, and leaves others alone."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from harness.actors import in_browser, over_rest
from ticket_app.actor import by_command
from ticket_app.cli.demo_desk.content import Situation, manners, places, situations
from ticket_app.cli.demo_desk.people import make_people
from ticket_app.cli.demo_desk.rhythm import in_office_hours
from ticket_app.cli.demo_desk.story import Story
from ticket_app.cli.demo_desk.talk.phrases import notes, phrases
from ticket_app.cli.demo_desk.team import SPECIALISTS
from ticket_app.cli.demo_desk.texts import Slots, write_ticket
from ticket_app.cli.main import main
from ticket_app.data.engine import use_database
from ticket_app.data.migrations import migrate
from ticket_app.schemas.conversation import MessageListQuery, MessagePublic
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery, TicketPublic
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.people.assignees import assignable_people
from ticket_app.services.people.identity import read_is_open
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import (
    get_ticket,
    list_tickets,
    ticket_history,
    ticket_suggestions,
)
from ticket_app.vocabulary import SETTLED, Category, MessageKind, Priority, Side, Status

COUNT = 120
NOW = datetime(2026, 5, 20, 14, 30, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A database that does not exist yet."""
    path = tmp_path / "new" / "desk.sqlite3"
    use_database(f"sqlite:///{path}")
    yield path
    use_database(None)


@pytest.fixture(scope="module")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "desk.sqlite3"
    use_database(f"sqlite:///{path}")
    assert main(["demo", "--tickets", str(COUNT)]) == 0
    use_database(None)
    return path


@pytest.fixture
def filled(_filled: Path, desk: Path) -> Path:
    """A copy of a database with the demo: to fill it takes a hundred times as long."""
    shutil.copyfile(_filled, desk)
    return desk


def shown() -> list[TicketPublic]:
    return list_tickets(over_rest(), TicketListQuery(limit=200)).items


def wording(tickets: list[TicketPublic]) -> list[tuple[str, str | None]]:
    return [(ticket.title, ticket.requester_email) for ticket in tickets]


def test_a_new_desk_is_migrated_and_filled(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not desk.exists()
    assert main(["demo", "--tickets", str(COUNT)]) == 0
    tickets, now = shown(), datetime.now(UTC)
    assert COUNT - 10 < len(tickets) <= COUNT
    assert tickets[0].created_at > now - timedelta(hours=1)
    assert now - timedelta(days=91) < tickets[-1].created_at < now - timedelta(days=45)
    assert {t.category for t in tickets} == set(Category)
    assert len({t.priority for t in tickets}) >= 3
    assert len({t.sentiment for t in tickets}) >= 3
    assert len({t.title for t in tickets}) == len({t.description for t in tickets}) == len(tickets)
    assert f"Filing {COUNT} tickets" in capsys.readouterr().out


def test_in_office_hours_there_is_work_of_every_status(desk: Path) -> None:
    migrate()
    filed = list(Story(1, NOW).fill(200))  # a Wednesday afternoon; at night few are in progress
    assert desk.exists()
    assert len(filed) == 200
    assert {ticket.status for ticket in shown()} == set(Status)


@pytest.mark.usefixtures("filled")
def test_its_tickets_have_lived_in_the_order_of_time() -> None:
    tickets = shown()
    assert [t.id for t in tickets] == sorted((t.id for t in tickets), reverse=True)
    settled = [t for t in tickets if t.status in SETTLED]
    assert len(settled) > len(tickets) / 3
    assert all(t.updated_at - t.created_at < timedelta(days=60) for t in settled)
    assert min(t.updated_at for t in settled) < datetime.now(UTC) - timedelta(days=30)
    for ticket in tickets:
        times = [event.created_at for event in reversed(ticket_history(over_rest(), ticket.id))]
        assert times[0] == ticket.created_at
        assert times[-1] == ticket.updated_at < datetime.now(UTC)
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert len(ticket_suggestions(over_rest(), ticket.id)) == 5


@pytest.mark.usefixtures("filled")
def test_agents_who_cannot_sign_in_care_for_what_was_taken_up() -> None:
    main(["demo", "--tickets", "5", "--more"])
    names = {each.id: each.name for each in assignable_people(over_rest())}
    assert sorted(names.values()) == sorted(SPECIALISTS)
    assert len({each.assignee_id for each in shown()} & names.keys()) >= 3
    waiting = [each for each in shown() if each.assignee_id is None]
    assert waiting and {each.status for each in waiting} == {Status.OPEN}
    assert read_is_open(by_command())


@pytest.mark.usefixtures("database")
def test_what_is_settled_was_answered_and_figures_agree(capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "--tickets", str(COUNT)])
    tickets = shown()
    settled = [each for each in tickets if each.status in SETTLED]
    answered = [each for each in settled if each.first_responded_at]
    assert len(answered) > len(settled) * 0.8
    assert all(each.created_at < (each.first_responded_at or NOW) for each in answered)
    assert not any(each.waiting_since for each in settled)
    assert any(each.waiting_since for each in tickets)
    said = {each.id: conversation_of(each.id) for each in tickets}
    assert max(map(len, said.values())) >= 4
    everything = [message for messages in said.values() for message in messages]
    assert {(each.kind, each.side) for each in everything} == {
        (MessageKind.REPLY, Side.TEAM),
        (MessageKind.REPLY, Side.REQUESTER),
        (MessageKind.NOTE, Side.TEAM),
    }
    team = {each.author for each in everything if each.side is Side.TEAM}
    assert team <= set(SPECIALISTS) and len(team) >= 4
    assert any(f"@{name}" in each.body for each in everything for name in SPECIALISTS)
    assert main(["recount"]) == 0
    assert "all figures are equal" in capsys.readouterr().out


def conversation_of(ticket_id: int) -> list[MessagePublic]:
    return list_messages(over_rest(), ticket_id, MessageListQuery(limit=50))


def test_ten_tickets_of_a_list_share_no_sentence(desk: Path) -> None:
    migrate()
    list(Story(2, NOW).fill(COUNT))
    tickets = shown()
    for first in range(0, len(tickets) - 10, 10):
        seen = [
            sentence
            for ticket in tickets[first : first + 10]
            for message in conversation_of(ticket.id)
            for sentence in re.split(r"(?<=[.?!])\s", message.body)
            if len(sentence.split()) > 4
        ]
        assert len(set(seen)) == len(seen)
    assert desk.exists()


@pytest.mark.parametrize("language", sorted(phrases()))
def test_every_phrase_can_be_said(language: str) -> None:
    chance = Random(1)
    person = next(each for each in make_people(chance) if each.language == language)
    slots = Slots(chance, person, NOW)
    said = [phrase for _, choices in phrases()[language] for phrase in choices]
    noted = [note.replace("{mate}", "") for found in notes().values() for note in found]
    for text in said + noted:
        assert not re.search(r"[{}]", text.format_map(slots))
    assert {len(phrases()[language].hello), len(phrases()[language].bye)} == {len(SPECIALISTS)}


def test_the_team_works_in_office_hours() -> None:
    chance, saturday = Random(1), datetime(2026, 5, 23, 11, tzinfo=UTC)
    assert in_office_hours(chance, NOW) == NOW
    for at in (saturday, saturday + timedelta(days=1, hours=11)):
        assert in_office_hours(chance, at).strftime("%a") == "Mon"
    assert in_office_hours(chance, NOW.replace(hour=3)).date() == NOW.date()
    assert in_office_hours(chance, NOW.replace(hour=20)).date() == NOW.date() + timedelta(days=1)


def test_it_refuses_a_desk_with_tickets_unless_told(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--tickets", "1"]) == 0
    own = open_ticket(in_browser(), TicketCreate(title="Mine", description="My own ticket."))
    before = wording(shown())
    capsys.readouterr()
    assert main(["demo", "--tickets", str(COUNT)]) == 2
    assert re.fullmatch(r"The desk already holds tickets;.+--more\n", capsys.readouterr().err)
    assert wording(shown()) == before
    assert main(["demo", "--tickets", "5", "--more"]) == 0
    assert len(shown()) > len(before)
    assert get_ticket(over_rest(), own.id) == own
    assert desk.exists()


def test_the_same_demo_is_told_again(desk: Path) -> None:
    main(["demo", "--tickets", "20"])
    first = wording(shown())
    use_database(f"sqlite:///{desk.with_name('again.sqlite3')}")
    main(["demo", "--tickets", "20"])
    assert wording(shown()) == first


@pytest.mark.parametrize("count", ["0", "-1", "100001", "some"])
def test_a_wrong_number_is_wrong_use(
    desk: Path, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as wrong:
        main(["demo", "--tickets", count])
    assert wrong.value.code == 2
    assert "--tickets" in capsys.readouterr().err
    assert not desk.exists()


def test_there_is_enough_to_tell() -> None:
    english = [s for s in situations() if s.language == "en"]
    assert len(english) >= 120
    assert {s.language for s in situations()} == set(places()) == set(manners())
    titles = [title for s in situations() for title in s.titles]
    assert len(set(titles)) == len(titles)
    assert len([s for s in english if s.burst]) >= 8


@pytest.mark.parametrize("situation", situations(), ids=lambda s: s.titles[0])
def test_every_slot_can_be_filled(situation: Situation) -> None:
    chance = Random(1)
    person = next(p for p in make_people(chance) if p.language == situation.language)
    slots = Slots(chance, person, NOW)
    written = [*situation.titles, *situation.texts, *situation.more, situation.long]
    for text in [*written, *situation.asked, *situation.solved]:
        assert not re.search(r"[{}]", text.format_map(slots))
    for _ in range(20):
        ticket = write_ticket(chance, situation, person, NOW).ticket
        assert re.match(r"[¿\"]?\w", ticket.title)
        assert ticket.category in (None, situation.category)


def test_moods_and_wishes_vary() -> None:
    chance = Random(3)
    person = next(p for p in make_people(chance) if p.language == "en")
    situation = next(s for s in situations() if not s.mild and not s.burst)
    written = [write_ticket(chance, situation, person, NOW).ticket for _ in range(200)]
    assert {t.priority for t in written} == {None, *Priority}
    assert len({len(t.description) for t in written}) > 60
    moods = manners()["en"]
    for mood in (moods.angry, moods.frustrated, moods.polite):
        assert any(sentence in t.description for t in written for sentence in mood)
