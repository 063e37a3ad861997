"""The pages are compiled again after a change, and the person is told which one."""

from pathlib import Path

import pytest

from ticket_app.cli.frontend.fingerprint import fingerprint, inputs_of_the_pages, why_rebuild


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (
        "rxconfig.py", "requirements.txt", "requirements-build.txt", "constraints.txt",
        "assets/desk.css", "reflex.lock/package.json", "ticket_app/ticket_app.py",
        "ticket_app/pages/desk.py", "ticket_app/api/app.py", "ticket_app/data/tickets/tables.py",
        "README.md",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        *("rxconfig.py", "requirements.txt", "requirements-build.txt", "constraints.txt"),
        *("assets/desk.css", "reflex.lock/package.json", "ticket_app/ticket_app.py"),
        *("ticket_app/pages/desk.py", "assets/new.svg", "ticket_app/components/new.py"),
    ],
)
def test_a_change_of_what_pages_are_made_of_is_a_reason(checkout: Path, name: str) -> None:
    before = inputs_of_the_pages(checkout)
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).write_text("something else")
    after = inputs_of_the_pages(checkout)
    assert fingerprint(before) != fingerprint(after)
    assert name in why_rebuild(before, after)


@pytest.mark.parametrize(
    "name", ["ticket_app/api/app.py", "ticket_app/data/tickets/tables.py", "README.md"]
)
def test_a_change_elsewhere_is_none(checkout: Path, name: str) -> None:
    before = inputs_of_the_pages(checkout)
    (checkout / name).write_text("something else")
    assert fingerprint(inputs_of_the_pages(checkout)) == fingerprint(before)


def test_touching_a_file_is_no_change(checkout: Path) -> None:
    before = inputs_of_the_pages(checkout)
    (checkout / "rxconfig.py").touch()
    assert fingerprint(inputs_of_the_pages(checkout)) == fingerprint(before)


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (None, {"a": "1"}, "there is no build yet"),
        ({"a": "1"}, {"a": "1"}, "the last build is gone"),
        ({"a": "1"}, {"a": "2"}, "a has changed"),
        ({"a": "1"}, {"a": "1", "b": "1"}, "b is new"),
        ({"a": "1", "b": "1"}, {"a": "1"}, "b is gone"),
        ({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, "a has changed (and 1 more)"),
    ],
)
def test_the_reason_names_the_first_difference(
    before: dict[str, str] | None, now: dict[str, str], reason: str
) -> None:
    assert why_rebuild(before, now) == reason
