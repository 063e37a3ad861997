"""Turns the Markdown of a message into HTML that does nothing by itself.

markdown-it-py writes no HTML of the author, and nh3 then keeps a few tags alone. Images become
links, so that reading a message asks no other server. Links open apart.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

KEPT = 512
"""Texts whose HTML is kept, because a page is read again after each change."""
MARKUP = "[*_`<&\\"
MARKUP_MAX = 1_000
"""Signs of MARKUP in a text that is read as Markdown. With more of them the parser takes seconds,
and the text is no letter."""
QUOTED = "Quoted text"
TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "a", "ul", "ol", "li", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}
CLASSES = {"details": {"quoted"}, "p": {"said-heading"}}
OWN_DIRECTION = {"p", "li", "blockquote", "th", "td", "ul", "ol", "pre"}
"""Blocks that run from right to left, or not, by their own first letter."""
SCHEMES = {"http", "https", "mailto"}
ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
AFTER_ADDRESS = ".,;:!?'*_)]}"
"""Signs at the end of an address that belong to the sentence around it."""


@lru_cache(KEPT)
def html_of(body: str) -> str:
    """Returns the HTML of a message. Quoted lines are folded."""
    if sum(map(body.count, MARKUP)) > MARKUP_MAX:
        lines = nh3.clean_text(body).replace("\n", "<br>")
        return _CLEANER.clean(f'<p dir="auto">{lines}</p>')
    return _CLEANER.clean(_MARKDOWN.render(body))


def _link_addresses(state: StateCore) -> None:
    """Links the addresses that a text spells out, as people write them."""
    for block in state.tokens:
        if block.type == "inline" and "://" in block.content:
            block.children = list(_with_links(block.children or []))


def _with_links(tokens: Sequence[Token]) -> Iterator[Token]:
    is_in_link = False
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            is_in_link = token.type == "link_open"
        if token.type != "text" or is_in_link:
            yield token
            continue
        end = 0
        for found in ADDRESS.finditer(token.content):
            address = found[0].rstrip(AFTER_ADDRESS)
            yield _text(token.content[end : found.start()])
            yield Token("link_open", "a", 1, attrs={"href": _MARKDOWN.normalizeLink(address)})
            yield _text(address)
            yield Token("link_close", "a", -1)
            end = found.start() + len(address)
        yield _text(token.content[end:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _open_quote(_: RendererHTML, tokens: Sequence[Token], place: int, *__: Any) -> str:
    """Folds a quotation, but not the older one inside it."""
    fold = f'<details class="quoted"><summary>{QUOTED}</summary>'
    return f'{fold if tokens[place].level == 0 else ""}<blockquote dir="auto">'


def _close_quote(_: RendererHTML, tokens: Sequence[Token], place: int, *__: Any) -> str:
    return f"</blockquote>{'</details>' if tokens[place].level == 0 else ''}"


def _open_heading(*_: Any) -> str:
    """A heading of a message is none of the page."""
    return '<p class="said-heading" dir="auto">'


def _close_heading(*_: Any) -> str:
    return "</p>"


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    token = tokens[place]
    text = renderer.renderInlineAsText(token.children or [], options, env) or "Image"
    address = nh3.clean_text(str(token.attrs.get("src", "")))
    return f'<a href="{address}">{nh3.clean_text(text)}</a>'


def _with_direction(
    renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    tokens[place].attrSet("dir", "auto")
    return renderer.renderToken(tokens, place, options, env)


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"])
    markdown.core.ruler.push("addresses", _link_addresses)
    rules = {"blockquote_open": _open_quote, "blockquote_close": _close_quote, "image": _image}
    rules |= {"heading_open": _open_heading, "heading_close": _close_heading}
    for block in ("paragraph", "bullet_list", "ordered_list", "list_item", "th", "td"):
        rules[f"{block}_open"] = _with_direction
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _only_absolute(tag: str, attribute: str, value: str) -> str | None:
    """Keeps a link only if it says where it leads: a relative one would lead into the desk."""
    is_link = (tag, attribute) == ("a", "href")
    return None if is_link and value.partition(":")[0].lower() not in SCHEMES else value


_MARKDOWN = _markdown()
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href"}, **{tag: {"dir"} for tag in OWN_DIRECTION}},
    allowed_classes=CLASSES,
    attribute_filter=_only_absolute,
    url_schemes=SCHEMES,
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)
