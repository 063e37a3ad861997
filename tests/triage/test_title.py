"""The suggested title is the first statement, shortened, without the greeting."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from ticket_app.triage.title import NO_TITLE, TITLE_CHARACTERS, suggested_title, trimmed
from ticket_app.vocabulary import BLANKS


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The printer is broken. It was fine before.", "The printer is broken"),
        ("Hi team,\n\nI was charged twice.\nAna", "I was charged twice"),
        ("Hello\nWhere is my order?", "Where is my order?"),
        ("Dear support team, my card was declined.", "My card was declined"),
        ("Hi the printer is broken", "The printer is broken"),
        ("Hi, iPhone calls are cut", "iPhone calls are cut"),
        ("Good morning!\nNo internet", "No internet"),
        ("Hola,\nno puedo entrar.", "no puedo entrar"),
        ("Urgent! The site is down. Help.", "Urgent! The site is down"),
        ("Version 2.5 crashes. Always.", "Version 2.5 crashes"),
        ("  a \t b\u00a0 c  ", "a b c"),
        ("The \u202efamily\u0007 👨‍👩‍👧 is locked out. Help.", "The family 👨‍👩‍👧 is locked out"),
        ("?!… \u200b", NO_TITLE),
        ("\u0301\ufe0f\u034f", NO_TITLE),
        ("", NO_TITLE),
    ],
)
def test_the_first_sentence_after_the_greeting(text: str, title: str) -> None:
    assert suggested_title(text) == title


def test_a_long_sentence_is_cut_at_a_word() -> None:
    title = suggested_title("word " * 60)
    assert title.endswith("word…")
    assert 60 < len(title) <= TITLE_CHARACTERS


def test_an_endless_word_is_cut() -> None:
    assert len(suggested_title("x" * 5_000)) == TITLE_CHARACTERS


@given(st.text())
def test_any_text_gives_one_short_line(text: str) -> None:
    title = suggested_title(text)
    assert 1 <= len(title) <= TITLE_CHARACTERS
    assert len(title.splitlines()) == 1
    assert any(letter.isalnum() for letter in title)


CHINESE = (
    "5GC 网络管理系统自今天早上九点起无法登录所有分支机构的员工都受到影响"
    "我们已经尝试重新启动服务器并清除浏览器缓存但是问题仍然存在请尽快协助处理这个紧急问题谢谢你们的帮助和支持非常感谢"
)
FAMILY, FLAG, ACCENT, SYLLABLE = "👨‍👩‍👧‍👦", "🇩🇪", "e\u0301", "क्षि"


@pytest.mark.parametrize(
    "text",
    [
        CHINESE,
        "Fehler " + "Donaudampfschifffahrts" * 8,
        "See https://desk.example.com/" + "a" * 200,
        "\N{THAI CHARACTER KO KAI}" * 30 + " " + "\N{THAI CHARACTER KHO KHAI}" * 90,
        *("Ab " + one * 100 for one in (FAMILY, FLAG, ACCENT, SYLLABLE)),
        *("x" * shift + FAMILY * 30 for shift in range(1, 8)),
        *("ab " + "x" * shift + FLAG * 60 for shift in range(3)),
    ],
)
def test_what_has_no_spaces_is_cut_by_its_length_and_at_a_whole_character(text: str) -> None:
    title = suggested_title(text)
    assert TITLE_CHARACTERS / 2 <= len(title) <= TITLE_CHARACTERS
    kept = title.removesuffix("…")
    clusters = regex.findall(r"\X", text)
    assert kept in {"".join(clusters[:n]) for n in range(len(clusters))}


def test_chinese_is_not_cut_at_its_only_space() -> None:
    assert suggested_title(CHINESE).startswith("5GC 网络管理系统")


def test_a_long_sentence_of_a_script_without_spaces_is_cut_at_a_comma() -> None:
    title = suggested_title("系统无法登录，" * 20)
    assert title.endswith("系统无法登录…")


def test_a_single_character_that_is_too_long_is_no_title() -> None:
    assert suggested_title("a" + "\u0301" * 500) == NO_TITLE


@given(st.text(st.sampled_from(f"ab .,。{FAMILY}{FLAG}{ACCENT}{SYLLABLE}")))
def test_no_cut_is_inside_a_character(text: str) -> None:
    title = trimmed(text)
    line = " ".join(text.split()).strip(BLANKS)
    if title.endswith("…") and title != line:
        ends = {found.end() for found in regex.finditer(r"\X", line)}
        assert len(title) - 1 in ends
