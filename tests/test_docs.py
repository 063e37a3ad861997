"""The documentation names only what exists, and decisions keep their form."""

import argparse
import ast
import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from ticket_app.api.app import make_api
from ticket_app.cli.main import COMMANDS
from ticket_app.settings import ROOT, Settings

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PACKAGES = ("ticket_app", "harness", "tests", "bench")
SOURCES = [ROOT / room for room in (*PACKAGES, "alembic")]
PACKAGE = ROOT / "ticket_app"

SECTIONS = ["Context", "Decision", "Consequences"]
DECISION_LINES_MAX = 40
LINE_MAX = 100

SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SUFFIXES = "py|md|toml|jsonl|csv|css|yml|svg|png|txt|lock|log|ini"
FILE = re.compile(rf"^[\w./-]+\.(?:{SUFFIXES})$")
FOLDER = re.compile(r"^[\w.-][\w./-]*/$")
ADDRESS = re.compile(r"(?<![\w/])(?:localhost:8000)?(/api(?:/[\w-]+)*/?)(?![\w./-])")
DOTTED = re.compile(r"^\w+(?:\.\w+)+$")
VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]{2,}$")
CALL = re.compile(r"^([a-z]\w*_\w+)\(.*\)$")
TEST_NAME = re.compile(r"^test_\w+$")
MAKE = re.compile(r"^(?:[A-Z_]+=\S+ )*make((?: +[a-z][a-z-]+)+)")
MODULE = re.compile(r"python3? -m (\S+)([^#|\n]*)")
DECISION = re.compile(r"\bdecisions? (\d{4})")

NOT_OURS = {
    *(
        ".build/build.log",
        ".data/",
        ".data/attachments/",
        "backup/attachments/",
        "screen.png",
        "desk.sqlite3.lock",
        "answers.jsonl",
        "my-tickets.csv",
        "TEXTS.csv",
    ),
    *("GRANT", "INSERT", "LIKE", "STRICT", "UPPER"),
    *("set_wait_callback", "pg_current_wal_insert_lsn", "pg_last_wal_replay_lsn"),
}
"""Files that the desk or its user makes, words of SQL, and functions of PostgreSQL and psycopg2."""

VARYING = re.compile(r"\.\.\.|\d[\d,]*|\b[A-Z_]{4,}\b|the database |: it |[()]")
PART_MIN = 6
OF_OTHERS = {
    "port is already allocated",
    "initdb",
    "make test",
    '"redis": {"state": "unavailable"}',
}
"""Placeholders in messages, and messages that are not the desk's."""


class Mention:
    """A name in a page; its text form is `page:line`, for the failure's message."""

    def __init__(self, page: Path, line: int, text: str) -> None:
        self.page, self.text = page, text
        self.place = f"{page.relative_to(ROOT)}:{line}"


def _mentions(page: Path, text: str) -> Iterator[Mention]:
    """Yields the names in a page's code: spans, and lines that are indented by four."""
    for number, line in enumerate(text.splitlines(), 1):
        for span in SPAN.findall(line):
            yield Mention(page, number, span)
        if line.startswith("    ") and not line.lstrip().startswith(("-", "|")):
            yield Mention(page, number, line.strip())


def _require(exists: Callable[[Mention], bool | None]) -> None:
    """Fail with each name that does not exist. `exists` returns None for a name of another kind."""
    wrong = [
        f"{mention.place}: {mention.text}"
        for page in PAGES
        for mention in _mentions(page, page.read_text(encoding="utf-8"))
        if exists(mention) is False
    ]
    assert not wrong, "\n".join(wrong)


def _path_exists(mention: Mention) -> bool | None:
    words = [word.partition("::")[0] for word in mention.text.split()]
    paths = [word for word in words if FILE.match(word) or FOLDER.match(word)]
    paths = [path for path in paths if not path.startswith("/") and path not in NOT_OURS]
    return all(_is_path(path, mention.page.parent) for path in paths) if paths else None


def _is_path(text: str, folder: Path) -> bool:
    if any((base / text).exists() for base in (ROOT, PACKAGE, folder)):
        return True
    return any(path.match(text) for path in _files())


@cache
def _files() -> list[Path]:
    return [path for source in SOURCES for path in source.rglob("*.*")]


def test_every_path_exists() -> None:
    _require(_path_exists)


def test_every_room_is_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")} - {Path()}
    assert [f"{room}/" for room in sorted(rooms) if f"`{room}/`" not in text] == []


def test_every_term_of_the_glossary_is_found_in_its_modules() -> None:
    """Someone who searches the code for a term finds the place that the glossary names."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| (`[^|]+`) \|$", text, re.MULTILINE)
    assert len(rows) > 30
    missing = [
        f"{path}: {term}"
        for terms, paths in rows
        for path in SPAN.findall(paths)
        for term in terms.split(", ")
        if not _has_term((PACKAGE / path).read_text(encoding="utf-8"), term)
    ]
    assert missing == []


def _has_term(source: str, term: str) -> bool:
    """Returns True if the term is in the source, as words or as a part of a name."""
    return bool(re.search(re.sub(r"[ -]", r"[\\s_-]?", term), source, re.IGNORECASE))


def test_every_link_leads_to_a_page_and_its_heading() -> None:
    wrong = []
    for page in PAGES:
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            name, _, anchor = target.partition("#")
            path = page.parent / name if name else page
            if ":" in target:
                continue
            if not path.exists() or (anchor and anchor not in _anchors(path)):
                wrong.append(f"{page.relative_to(ROOT)}: {target}")
    assert not wrong, "\n".join(wrong)


def _anchors(page: Path) -> set[str]:
    """Returns the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _address_exists(mention: Mention) -> bool | None:
    found = [address.partition("?")[0] for address in ADDRESS.findall(mention.text)]
    plain = [re.sub(r"people/\d+/", "people/{person_id}/", address) for address in found]
    of_files = r"attachments/\d+/"
    plain = [re.sub(of_files, "attachments/{attachment_id}/", address) for address in plain]
    plain = [re.sub(r"/\d+/", "/{ticket_id}/", address) for address in plain]
    return all(address in _addresses() for address in plain) if plain else None


@cache
def _addresses() -> set[str]:
    return {"/api", "/api/docs", *make_api().openapi()["paths"]}


def test_every_address_of_rest_exists() -> None:
    _require(_address_exists)


def _dotted_name_exists(mention: Mention) -> bool | None:
    text = mention.text.partition("(")[0]
    if not DOTTED.match(text) or FILE.match(text):
        return None
    first, _, rest = text.partition(".")
    if first in PACKAGES:
        return _is_defined(first, rest)
    if (PACKAGE / first).is_dir() or (PACKAGE / f"{first}.py").exists():
        return _is_defined("ticket_app", text)
    classes = _classes().get(first)
    return None if classes is None else any(rest in attributes for attributes in classes)


def _is_defined(package: str, name: str) -> bool:
    """Returns True if the package has this module, or this attribute of a module or class."""
    path, parts = ROOT / package, name.split(".")
    while parts and (path / parts[0]).is_dir():
        path /= parts.pop(0)
    if parts and (path / f"{parts[0]}.py").exists():
        path /= f"{parts.pop(0)}.py"
    elif path.is_dir():
        path /= "__init__.py"
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in parts:
        found = _definitions(body).get(part)
        if found is None:
            return any(_names_in(node, part) for node in body if isinstance(node, ast.ImportFrom))
        body = found
    return True


def _names_in(node: ast.ImportFrom, name: str) -> bool:
    return any((alias.asname or alias.name) == name for alias in node.names)


def _definitions(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Returns the definitions of a module or class: each name with its own body."""
    found: dict[str, list[ast.stmt]] = {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = node.body
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        found[name.id] = []
    return found


@cache
def _classes() -> dict[str, list[set[str]]]:
    """Returns the attributes of each class of the desk, by the class's name."""
    classes: dict[str, list[set[str]]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append(set(_definitions(node.body)))
    return classes


def test_every_dotted_name_exists() -> None:
    _require(_dotted_name_exists)


def _function_exists(mention: Mention) -> bool | None:
    found = CALL.match(mention.text)
    return None if found is None or found[1] in NOT_OURS else found[1] in _functions()


@cache
def _functions() -> set[str]:
    return {
        name
        for path in _files()
        if path.suffix == ".py"
        for name in re.findall(r"def (\w+)\(", path.read_text(encoding="utf-8"))
    }


def test_every_function_exists() -> None:
    _require(_function_exists)


def _make_target_exists(mention: Mention) -> bool | None:
    words = [word for found in MAKE.findall(mention.text) for word in found.split()]
    return all(word in _targets() for word in words) if words else None


@cache
def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_every_make_target_exists() -> None:
    _require(_make_target_exists)


def _command_exists(mention: Mention) -> bool | None:
    found = MODULE.search(mention.text)
    if found is None or found[1].partition(".")[0] not in {
        "ticket_app",
        "harness",
        "tests",
        "bench",
    }:
        return None
    name, words = found[1], [word for word in shlex.split(found[2]) if word != "..."]
    if name == "ticket_app":
        return _accepts(words) if words else True
    path = ROOT.joinpath(*name.split("."))
    module = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    source = module.read_text(encoding="utf-8") if module.exists() else ""
    options = [word for word in words if word.startswith("--") and word != "--help"]
    return bool(source) and all(f'"{option}"' in source for option in options)


def _accepts(words: list[str]) -> bool:
    """Returns True if the command line accepts this command with these options."""
    if words[0] not in COMMANDS:
        return False
    command = import_module(f"ticket_app.cli.{words[0]}")
    parser = argparse.ArgumentParser()
    if hasattr(command, "add_options"):
        command.add_options(parser)
    if words in (["triage"], ["people"]):
        return True  # the whole group of its subcommands
    try:
        parser.parse_args(words[1:])
    except SystemExit:
        return False
    return True


def test_every_command_is_accepted() -> None:
    _require(_command_exists)


def _variable_exists(mention: Mention) -> bool | None:
    words = mention.text.split()
    names = [word.partition("=")[0] for word in words if "=" in word or len(words) == 1]
    names = [name for name in names if VARIABLE.match(name) and name not in NOT_OURS]
    return all(name in _variables() for name in names) if names else None


@cache
def _variables() -> set[str]:
    """Returns the settings, the containers' variables, and the code's constants and texts."""
    names = {name.upper() for name in Settings.model_fields}
    for file in ("docker-compose.yml", "Caddyfile", "Dockerfile", "Makefile"):
        names |= set(re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", (ROOT / file).read_text("utf-8")))
    for path in _files():
        if path.suffix == ".py" and path != Path(__file__):
            code = path.read_text(encoding="utf-8")
            names |= set(re.findall(r"^ *([A-Z][A-Z0-9_]{2,})\b.* = ", code, re.MULTILINE))
            names |= set(re.findall(r"\"([A-Z][A-Z0-9_]{2,})\"", code))
    return names


def test_every_variable_exists() -> None:
    _require(_variable_exists)


def _test_exists(mention: Mention) -> bool | None:
    name = mention.text.rpartition("::")[2]
    if not TEST_NAME.match(name):
        return None
    return any(f"def {name}(" in path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))


def test_every_named_test_exists() -> None:
    _require(_test_exists)


def test_every_message_in_the_troubleshooting_is_one_of_the_desk() -> None:
    code = "\n".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py"))
    code = re.sub(r"\"\s*\n\s*f?\"", "", code).replace('\\"', '"')  # texts over several lines
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    symptoms = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| ")]
    wrong = [
        message
        for symptom in symptoms
        for message in SPAN.findall(symptom)
        for part in VARYING.split(message)
        if len(part) >= PART_MIN and part not in code and message not in OF_OTHERS
    ]
    assert not wrong, "\n".join(wrong)


def test_every_decision_that_is_referred_to_exists() -> None:
    numbers = {path.name[:4] for path in DECISIONS}
    texts = [*PAGES, *(path for path in _files() if path.suffix == ".py")]
    wrong = [
        f"{path.relative_to(ROOT)}: decision {number}"
        for path in texts
        for number in DECISION.findall(path.read_text(encoding="utf-8"))
        if number not in numbers
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "decision", DECISIONS,
    ids=lambda path: path.stem,
)  # fmt: skip
def test_a_decision_keeps_its_form(decision: Path) -> None:
    lines = decision.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(f"# {decision.name[:4]}: ")
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS
    assert len(lines) <= DECISION_LINES_MAX
    assert [line for line in lines if len(line) > LINE_MAX] == []


def test_a_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)
