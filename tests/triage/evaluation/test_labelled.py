"""Files of labelled tickets are read, and a wrong file gives one clear sentence."""

import json
from pathlib import Path

import pytest

from ticket_app.triage.evaluation.labelled import (
    SHIPPED,
    LabelledFileError,
    labelled_tickets,
    shipped_tickets,
)
from ticket_app.vocabulary import Category, Priority

TRAITS = {
    "plain", "sarcasm", "calm_disaster", "shouting_trifle", "misleading_keyword", "terse",
    "misleading_title", "mixed", "long_mail", "negation", "chasing", "injection",
}  # fmt: skip
LANGUAGES = {"en", "es", "de", "fr", "pt"}


def all_rows(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_csv_and_json_lines_give_the_same_tickets(tmp_path: Path) -> None:
    table = all_rows(
        tmp_path,
        "a.csv",
        'text,category,priority,urgency,other\n"It is,\ndown",technical,critical,80-100,x\n'
        "Hello,general,,,\n",
    )
    lines = all_rows(
        tmp_path,
        "a.jsonl",
        '{"description": "It is,\\ndown", "category": "technical", "priority": "critical",'
        ' "urgency": [80, 100]}\n\n{"description": "Hello", "category": "general"}\n',
    )
    tickets = labelled_tickets(table)
    assert tickets == labelled_tickets(lines)
    assert tickets[0].urgency == (80, 100)
    assert (tickets[1].category, tickets[1].priority) == (Category.GENERAL, None)


@pytest.mark.parametrize("separator", "\v\f\x1c\x1d\x1e\x85\u2028\u2029")
def test_only_a_line_end_ends_a_line(separator: str, tmp_path: Path) -> None:
    text = f"It is{separator}down"
    rows = f'text,category\r\n{text},technical\r\n"a{separator}\nb",billing\r\nc,general\r\n'
    table = labelled_tickets(all_rows(tmp_path, "a.csv", rows))
    assert [ticket.description for ticket in table] == [text, f"a{separator}\nb", "c"]
    line = json.dumps({"text": text, "category": "technical"}, ensure_ascii=False)
    assert labelled_tickets(all_rows(tmp_path, "a.jsonl", f"{line}\r\n")) == table[:1]
    wrong = all_rows(tmp_path, "b.csv", f"text,category\n{text},technical\nc,money\n")
    with pytest.raises(LabelledFileError, match="line 3: category"):
        labelled_tickets(wrong)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "title,category\nx,billing\n", "line 1: there is no column description"),
        ("a.csv", 'text,category\n"a\nb",billing\nc,money\n', "line 4: category: Input should be"),
        ("a.csv", "text,category\na\n", "line 2: there are not as many cells as columns"),
        ("a.csv", 'text,category\n"a"b,billing\n', "line 2: this is not CSV"),
        ("a.jsonl", '{"text": "a", "category": "billing"}\n{', "line 2: this is not JSON"),
        ("a.jsonl", "[1]\n", "line 1: this is not a JSON object"),
        ("a.jsonl", '{"category": "billing"}\n', "line 1: description: Field required"),
        ("a.jsonl", '{"text": " ", "category": "billing"}\n', "line 1: text: Value error"),
        ("a.jsonl", '{"text": "a", "urgency": [9, 3]}\n', "the lower bound comes first"),
        ("a.jsonl", '{"text": "a", "urgency": "0-101"}\n', "line 1: urgency: Input should be"),
        ("a.jsonl", '{"text": "a"}\n', "has no label to compare with"),
        ("a.jsonl", "\n", "holds no tickets"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    path = all_rows(tmp_path, name, text)
    with pytest.raises(LabelledFileError) as caught:
        labelled_tickets(path)
    assert sentence in caught.value.detail
    assert caught.value.detail.startswith(str(path))


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a"}\n\xff')
    with pytest.raises(LabelledFileError, match="line 2: this is not UTF-8"):
        labelled_tickets(path)
    with pytest.raises(LabelledFileError, match="cannot be read"):
        labelled_tickets(tmp_path / "nothing.csv")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_has_tickets_of_every_kind(name: str) -> None:
    tickets = shipped_tickets(name)
    assert len(tickets) >= 150
    assert {ticket.trait for ticket in tickets} == TRAITS
    assert {ticket.language for ticket in tickets} == LANGUAGES
    assert {ticket.category for ticket in tickets} == set(Category)
    assert {ticket.priority for ticket in tickets} == set(Priority)


def test_no_ticket_stands_in_both_sets() -> None:
    tune, held_out = ({t.description for t in shipped_tickets(name)} for name in SHIPPED)
    assert not tune & held_out
