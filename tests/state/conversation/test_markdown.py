"""The Markdown of a message becomes HTML that runs nothing, loads nothing, and costs little."""

from html.parser import HTMLParser
from time import process_time

import pytest

from ticket_app.state.conversation.markdown import ADDRESS, MARKUP_MAX, html_of
from ticket_app.vocabulary import MESSAGE_MAX


class Parts(HTMLParser):
    """The tags of HTML, as a browser reads them, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe src='https://evil.example'></iframe>",
    "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![a" onerror="alert(1)](https://evil.example/"onerror=alert(1))',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](/api/sign-out)",
    "[x](//evil.example)",
    "<javascript:alert(1)>",
    "<details open ontoggle=alert(1)>",
    'https://evil.example/"><img src=x onerror=alert(1)>',
    "https://evil.example/'onmouseover='alert(1)",
    "# <svg onload=alert(1)>",
    "> <style>*{display:none}</style>",
    "| <a href=javascript:alert(1)>x</a> |\n|---|\n| `<b>` |",
    "```html onload=alert(1)\n<script>alert(1)</script>\n```",
    "[x]: javascript:alert(1)\n[x]",
    "[" * (MARKUP_MAX + 1) + "<script>alert(1)</script>",
]
KNOWN = {"a": {"href", "rel", "target"}, "details": {"class"}}
OWN = {"dir", "class"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_and_nothing_is_loaded(attack: str) -> None:
    for tag, attributes in Parts(html_of(attack)).tags:
        assert tag not in ("script", "img", "iframe", "svg", "style", "form", "object")
        assert attributes.keys() <= KNOWN.get(tag, OWN)
        if tag == "a" and "href" in attributes:
            assert (attributes["href"] or "").startswith(("http://", "https://", "mailto:"))
            assert attributes["target"] == "_blank"
            assert attributes["rel"] == "noopener noreferrer nofollow"


def test_what_a_person_writes_is_shown_as_meant() -> None:
    html = html_of(
        "# Hello\n\nfirst line\nsecond *line*, see https://a.example/x?y=1.\n\n"
        "> what you wrote\n> > and before\n\n![shot](https://b.example/1.png)"
    )
    assert '<p class="said-heading" dir="auto">Hello</p>' in html
    assert "first line<br>\nsecond <em>line</em>" in html
    assert '<a href="https://a.example/x?y=1" ' in html and ">https://a.example/x?y=1</a>." in html
    assert html.count('<details class="quoted"><summary>Quoted text</summary>') == 1
    assert 'href="https://b.example/1.png"' in html and ">shot</a>" in html


@pytest.mark.parametrize(
    "unit", ["[", "![](", "[^", "[a](b", "*a_ ", "`", "<a ", "http://", "://", ">", "- ", "a|", "&"]
)
def test_no_text_takes_long(unit: str) -> None:
    text = (unit * MESSAGE_MAX)[:MESSAGE_MAX]
    began = process_time()
    html_of(text)
    assert process_time() - began < 2.0
    assert ADDRESS.findall(text) or Parts(html_of(text)).text.strip() or unit in (">", "- ")
