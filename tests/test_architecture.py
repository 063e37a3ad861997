"""The walls of the house: who may import whom, who may speak what; see docs/architecture.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ticket_app.settings import ROOT

PACKAGE = ROOT / "ticket_app"
FLOOR = {
    *("settings", "bus", "vocabulary", "texts", "patterns", "addresses", "schemas", "errors"),
}

MAY_IMPORT = {
    "settings": FLOOR,
    "bus": FLOOR,
    "vocabulary": FLOOR,
    "texts": FLOOR,
    "patterns": FLOOR,
    "addresses": FLOOR,
    "schemas": FLOOR,
    "errors": FLOOR,
    "theme": FLOOR,
    "data": FLOOR,
    "triage": FLOOR,
    "live": FLOOR | {"services"},
    "services": FLOOR | {"data", "triage"},
    "api": FLOOR | {"services"},
    "cli": FLOOR | {"services", "ticket_app"},
    "state": FLOOR | {"services", "theme"},
    "components": FLOOR | {"state", "theme"},
    "pages": FLOOR | {"components", "state", "theme"},
}
"""What a room may import of ours, besides itself. ticket_app.py assembles, so it may import all."""

MAY_ALSO = {
    # Starting the desk means bringing its database up to date.
    ("cli", "data.migrations"): True,
    # What an engine is worth is asked of triage itself: no ticket of the desk is involved.
    ("cli", "triage.evaluation"): True,
    # Pages outlive the process that they were opened in.
    ("state", "live.page_store"): True,
    # A suggestion is kept by the form between being shown and being filed.
    ("state", "triage.contract"): True,
}

SPEAKERS = {
    "sqlalchemy": {"data", "services"},
    "sqlmodel": {"data", "services"},
    "psycopg2": {"data"},
    "sqlite3": {"data"},
    "alembic": {"data"},
    "litellm": {"triage"},
    "redis": {"live"},
    "httpx": {"triage"},
    "sklearn": {"triage"},
    "scipy": {"triage"},
    "fastapi": {"api"},
    "starlette": {"api", "cli", "ticket_app"},
    "reflex": {"state", "components", "pages", "theme", "ticket_app", "cli"},
    "reflex_base": {"state", "components", "pages", "ticket_app", "cli"},
    "reflex_components_core": {"components"},
}

SQL_VERBS = {"select", "insert", "update", "delete", "text", "func", "execute", "scalars", "exec"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, with the names taken from ours."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            yield node.module
            if node.module.startswith("ticket_app"):
                yield from (f"{node.module}.{name.name}" for name in node.names)


def rooms() -> Iterator[tuple[Path, str]]:
    """Every source file with the room it belongs to."""
    for path in sorted(PACKAGE.rglob("*.py")):
        first = path.relative_to(PACKAGE).parts[0]
        yield path, first.removesuffix(".py")


def test_imports_point_one_way() -> None:
    wrong = []
    for path, room in rooms():
        if room not in MAY_IMPORT:
            continue
        for module in imports(path):
            if not module.startswith("ticket_app."):
                continue
            target = module.removeprefix("ticket_app.")
            if not _allowed(room, target):
                wrong.append(f"{path.relative_to(ROOT)} imports {target}")
    assert wrong == []


def _allowed(room: str, target: str) -> bool:
    for (who, what), allowed in MAY_ALSO.items():
        if who == room and target.startswith(what):
            return allowed
    return target.split(".", maxsplit=1)[0] in MAY_IMPORT[room] | {room}


def test_each_language_is_spoken_in_its_room() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, room in rooms()
        for module in imports(path)
        if room not in SPEAKERS.get(module.partition(".")[0], {room})
    ]
    assert wrong == []


def test_services_speak_no_sql() -> None:
    """They pass sessions on and name the rows' types; the statements are in data/."""
    wrong = []
    for path, room in rooms():
        if room != "services":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in ("sqlalchemy", "sqlmodel"):
                taken = {name.name for name in node.names} & SQL_VERBS
                wrong += [f"{path.name} imports {name}" for name in taken]
    assert wrong == []


def test_one_place_says_what_is_deleted() -> None:
    """Soon it also says who may see a ticket; a condition written elsewhere would not."""
    condition = re.compile(r"deleted_at IS (NOT )?NULL|deleted_at\)?\.is_")
    spelled = {
        path.name
        for path in (PACKAGE / "data").rglob("*.py")
        if condition.search(path.read_text(encoding="utf-8"))
    }
    # The indexes and the triggers of the database are conditions of their own.
    assert spelled == {"predicates.py", "tables.py", "triggers.py"}


def test_nobody_waits_with_wait_for() -> None:
    """Python 3.11's swallows a cancellation that meets the result; asyncio.timeout does not."""
    wrong = [
        f"{path.relative_to(ROOT)}, line {node.lineno}"
        for path, _ in rooms()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "wait_for"
            and isinstance(node.value, ast.Name)
            and node.value.id == "asyncio"
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "asyncio"
            and any(name.name == "wait_for" for name in node.names)
        )
    ]
    assert wrong == []


def test_every_room_is_under_a_rule() -> None:
    known = {*MAY_IMPORT, "__init__", "__main__", "ticket_app"}
    assert {room for _, room in rooms()} <= known


def test_no_javascript_is_written_by_hand() -> None:
    hand_written = [
        path
        for pattern in ("*.js", "*.jsx", "*.ts", "*.tsx", "*.mjs")
        for folder in (PACKAGE, ROOT / "assets", ROOT / "alembic", ROOT / "docs")
        for path in folder.rglob(pattern)
    ]
    assert hand_written == []
