"""Invisible texts count as blank and wrong addresses are refused; unusual texts are accepted."""

import re
import sys
import unicodedata
from itertools import product
from typing import Any

import pytest

from ticket_app.addresses import is_address
from ticket_app.errors import InvalidInputError
from ticket_app.patterns import ANY_TEXT, LINE, LINE_OR_BLANK, TEXT
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketCreate, TicketUpdate
from ticket_app.texts import has_visible_character

DEFAULT_IGNORABLE = "\u034f\u115f\u17b4\u180b\u2065\u3164\ufe00\ufff3\U0001bca0\U000e0fff"
NEVER_ASSIGNED = "\ufdd0\ufdef\uffff\U0001fffe\U0010ffff"
BLANK_SIGNS = "\u2800\U00013441\U00016fe4\U0001d159"
SHOWN = [
    *("A", "7", "?", "é", "ü", "漢", "ありがとう", "مرحبا", "אבג", "नमस्ते", "한글", "😀", "©"),
    *("👩\u200d👩\u200d👧", "❤\ufe0f", "🏴\U000e0067\U000e0062\U000e007f", "\u200fאבג\u200e"),
    *("\u00adsoft", "a\u0301", "\u2801", "\ue000", "龍", "ㅎ", "\u0378", "\U0003ffff.", "a\uffff"),
]


def test_no_control_format_or_separator_shows() -> None:
    classes = ("Cc", "Cf", "Zs", "Zl", "Zp")
    wrong = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in classes and has_visible_character(chr(code))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text", [*DEFAULT_IGNORABLE, *BLANK_SIGNS, *NEVER_ASSIGNED, DEFAULT_IGNORABLE, " \x1b\n"]
)
@pytest.mark.parametrize("field", ["title", "description"])
def test_what_shows_nothing_is_blank(field: str, text: str) -> None:
    for model, others in ((TicketCreate, {"title": "A", "description": "B"}), (TicketUpdate, {})):
        with pytest.raises(InvalidInputError) as refused:
            parse(model, others | {field: text})
        assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize("text", SHOWN)
def test_what_shows_something_is_kept_as_it_is(text: str) -> None:
    new = parse(TicketCreate, {"title": text, "description": text, "requester_name": text})
    assert (new.title, new.description, new.requester_name) == (text, text, text)


@pytest.mark.parametrize("text", ["\u3164", " \u200d ", "", "\u2800\u2800"])
def test_an_optional_text_that_shows_nothing_is_none(text: str) -> None:
    change = parse(TicketUpdate, {"requester_name": text, "requester_email": text})
    assert change.changes == {"requester_name": None, "requester_email": None}


@pytest.mark.parametrize("inside", ["\n", "\t", "\r\n", "\x1b[31m", "\x07", "\x85", "\u2028", "\0"])
@pytest.mark.parametrize("field", ["title", "requester_name"])
def test_a_line_has_no_control_characters_inside(field: str, inside: str) -> None:
    with pytest.raises(InvalidInputError, match=f"{field}: Write this on one line"):
        parse(TicketUpdate, {field: f"a{inside}b"})


def test_a_line_may_end_as_lines_do_and_a_description_may_have_many() -> None:
    change = parse(TicketUpdate, {"title": "\tA\r\n", "description": "a\n\tb\x1b[0m\n"})
    assert change.changes == {"title": "A", "description": "a\n\tb\x1b[0m\n"}


def test_the_length_is_that_of_what_was_sent() -> None:
    with pytest.raises(InvalidInputError, match="Shorten this by 1 character;"):
        parse(TicketUpdate, {"title": "x" * 200 + " "})


def test_the_published_patterns_say_the_same() -> None:
    for text in SHOWN:
        assert re.search(LINE, text) and re.search(TEXT, text)
    for blank in (
        *DEFAULT_IGNORABLE[:-2],
        *NEVER_ASSIGNED[:3],
        BLANK_SIGNS[0],
        " \x1b\n",
        "",
        "\0",
    ):
        assert not re.search(LINE, blank) and not re.search(TEXT, blank)
    assert re.search(LINE, "\tA b\n") and not re.search(LINE, "A\nb")
    of_each_kind = "A \n\0\u200d\u2028"
    for characters in (each for size in range(6) for each in product(of_each_kind, repeat=size)):
        text = "".join(characters)
        for field, pattern in (
            *(("title", LINE), ("description", TEXT), ("requester_name", LINE_OR_BLANK)),
        ):
            assert bool(re.search(pattern, text)) == is_taken(field, text), (field, text)


def is_taken(field: str, text: str) -> bool:
    """Returns True if this field accepts this text."""
    try:
        parse(TicketUpdate, {field: text})
    except InvalidInputError:
        return False
    return True


@pytest.mark.parametrize("pattern", [ANY_TEXT, LINE, LINE_OR_BLANK, TEXT])
@pytest.mark.parametrize("over", ["a", " ", "\n", "\u200d", " \u200d", "a ", "a\n", " \n"])
@pytest.mark.parametrize("end", ["\0", "a\0", "\na\0"])
def test_a_published_pattern_takes_linear_time_for_any_text(
    pattern: str, over: str, end: str
) -> None:
    """A pattern that backtracks takes hours for these texts; a linear one takes milliseconds."""
    assert not re.search(pattern, over * 500_000 + end)


@pytest.mark.parametrize(
    "text",
    [
        *("ana@example.com", "ana+tag@example.com", "o'neil@example.ie", "Ana.B-C_d@a.b-c.example"),
        *(
            "ana@münchen.de",
            "ána@example.com",
            "аня@почта.рф",
            "用户@例子.广告",
            "ana@xn--mnchen-3ya.de",
        ),
        *("ana@localhost", "ana@LocalHost", "ana@desk.local", "ana@mail.test", "1@2.example"),
        *("x" * 64 + "@example.com", " ana@example.com\n"),
    ],
)
def test_an_address_is_kept_as_it_was_written(text: str) -> None:
    change = parse(TicketUpdate, {"requester_email": text})
    assert change.requester_email == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("ana", "@", "ana@", "@example.com", "ana@example", "ana@intranet", "ana@@example.com"),
        *("ana@example.com,", "ana@example.com;", "ana@example.com.", "ana@example,com"),
        *("ana@example..com", "ana..b@example.com", ".ana@example.com", "ana.@example.com"),
        *("mailto:ana@example.com", "<ana@example.com>", "Ana <ana@example.com>"),
        *("'ana@example.com'", '"ana@example.com"', '"ana b"@example.com', "“ana@example.com”"),
        *("ana@example.com, bob@example.com", "ana@exa mple.com", "an a@example.com"),
        *(
            "ana\u202e@example.com",
            "ana\u200b@example.com",
            "ana@exam\u00adple.com",
            "ana@\u3164.com",
        ),
        *("ana@-example.com", "ana@exa_mple.com", "ana@[127.0.0.1]", "ana@127.0.0.1"),
        *("(ana)ana@example.com", "@localhost", "ana b@localhost", "ana@a@localhost"),
        *("x" * 65 + "@example.com", "ana@" + "x" * 64 + ".com", "ana\0@example.com"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    for values in ({}, {"title": "A", "description": "B"}):
        model: Any = TicketCreate if values else TicketUpdate
        with pytest.raises(InvalidInputError, match="requester_email"):
            parse(model, values | {"requester_email": text})
    assert not is_address(text)
