"""The walls between the rooms: what each may import and speak; see docs/architecture.md."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ticket_app.settings import ROOT

PACKAGE = ROOT / "ticket_app"
FLOOR = {
    *("settings", "bus", "vocabulary", "actor", "texts", "patterns", "addresses", "schemas"),
    *("errors", "setting_types", "presence"),
}

MAY_IMPORT = {
    "settings": FLOOR,
    "setting_types": FLOOR,
    "bus": FLOOR,
    "presence": FLOOR,
    "vocabulary": FLOOR,
    "actor": {"vocabulary"},
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
"""The rooms of the desk that a room may import besides itself. ticket_app.py may import all."""

MAY_ALSO = {
    # Starting the desk includes the migration of its database.
    ("cli", "data.migrations"),
    # The evaluation of an engine needs no ticket of the desk, so no service is involved.
    ("cli", "triage.evaluation"),
    # Pages outlive the process in which they were opened.
    ("state", "live.page_store"),
    # The form keeps a suggestion between the display and the filing.
    ("state", "triage.contract"),
}

SPEAKERS = {
    "sqlalchemy": {"data", "services"},
    "sqlmodel": {"data", "services"},
    "psycopg2": {"data"},
    "sqlite3": {"data"},
    "argon2": {"services.people.signing_in.passwords"},
    "pyotp": {"services.people.signing_in.totp"},
    "segno": {"services.people.signing_in.totp"},
    "authlib": {"api.people.identity_provider"},
    "joserfc": {"api.people.identity_provider"},
    "httpx2": {"api.people.identity_provider", "api.people.provider_answers"},
    "itsdangerous": {"services.people.signing_in.sealed_flow"},
    "markdown_it": {"state.conversation.markdown"},
    "nh3": {"state.conversation.markdown"},
    "puremagic": {"services.conversation.attachments.file_types"},
    "PIL": {"services.conversation.attachments.thumbnails"},
    "python_multipart": {"api.tickets.file_form"},
    "alembic": {"data"},
    "litellm": {"triage.provider"},
    "redis": {"live"},
    "httpx": {"triage.provider"},
    "sklearn": {"triage"},
    "scipy": {"triage"},
    "fastapi": {"api"},
    "starlette": {"api", "cli", "ticket_app"},
    "reflex": {"state", "components", "pages", "theme", "ticket_app", "cli"},
    "reflex_base": {"state", "components", "pages", "ticket_app", "cli"},
    "reflex_components_core": {"components"},
}

SESSION_VERBS = {"add", "add_all", "flush"}
"""What a service may do with a session. Everything else reads or writes by a statement."""
SQL_VERBS = {"select", "insert", "update", "delete", "text", "func", "execute", "scalars", "exec"}


def imports(path: Path) -> Iterator[str]:
    """Yields every module that a file imports, anywhere in it, with the names taken from ours."""
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
    """Yields every source file with its room."""
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
    if any(who == room and f"{target}.".startswith(f"{what}.") for who, what in MAY_ALSO):
        return True
    return target.split(".", maxsplit=1)[0] in MAY_IMPORT[room] | {room}


def test_each_language_is_spoken_in_its_room() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, room in rooms()
        for module in imports(path)
        if not _is_in(path, SPEAKERS.get(module.partition(".")[0], {room}))
    ]
    assert wrong == []


def _is_in(path: Path, places: set[str]) -> bool:
    """Returns True if a file is one of these modules, or below one of these rooms."""
    module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return any(f"{module}.".startswith(f"{place}.") for place in places)


def test_triage_works_without_a_provider() -> None:
    """Only the engine joins the provider and the rules; the provider imports no engine.

    No rules could stand in for a provider that drafts a reply.
    """
    triage = PACKAGE / "triage"
    wrong = []
    for path in sorted(triage.rglob("*.py")):
        in_provider = triage / "provider" in path.parents
        barred = "ticket_app.triage.engine" if in_provider else "ticket_app.triage.provider"
        if path not in (triage / "engine.py", triage / "drafting.py"):
            names = (f"{module}." for module in imports(path))
            wrong += [f"{path.name} imports {name}" for name in names if f"{barred}." in name]
    assert wrong == []


def test_services_speak_no_sql() -> None:
    """Services pass sessions on and name the rows' types; the statements are in data/."""
    wrong = [
        f"{path.name} uses {name}"
        for path, room in rooms()
        if room == "services"
        for name in sql_in(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def sql_in(source: str) -> Iterator[str]:
    """Yields the names of SQLAlchemy by which a module makes or runs a statement."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in ("sqlalchemy", "sqlmodel"))
        elif isinstance(node, ast.ImportFrom) and node.module in ("sqlalchemy", "sqlmodel"):
            yield from {name.name for name in node.names} & SQL_VERBS
        elif isinstance(node, ast.Attribute) and node.attr not in SESSION_VERBS:
            owner = ast.unparse(node.value)
            yield from {f"{owner}.{node.attr}"} if owner in ("session", "connection") else ()


@pytest.mark.parametrize(
    "source",
    [
        "import sqlalchemy as sa",
        "from sqlmodel import select",
        "session.get(Ticket, 1)",
        "connection.rows('SELECT 1', {})",
    ],
)
def test_sql_in_a_service_is_found(source: str) -> None:
    assert list(sql_in(source))


def test_one_place_says_what_is_deleted() -> None:
    """A rule about visibility will extend this condition, and would miss a copy elsewhere."""
    condition = re.compile(r"deleted_at IS (NOT )?NULL|deleted_at\)?\.is_")
    spelled = {
        path.name
        for path in (PACKAGE / "data").rglob("*.py")
        if condition.search(path.read_text(encoding="utf-8"))
    }
    # The database's indexes and triggers need conditions of their own.
    assert spelled == {"predicates.py", "tables.py", "triggers.py"}


def test_tests_and_benchmarks_share_the_harness_alone() -> None:
    """Both use harness/; only the benchmark's own tests import the benchmark."""
    barred = {"ticket_app": {"harness", "bench", "tests"}, "harness": {"bench", "tests"}}
    barred |= {"bench": {"tests"}, "tests": {"bench"}}
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for folder, others in barred.items()
        for path in sorted((ROOT / folder).rglob("*.py"))
        if ROOT / "tests" / "bench" not in path.parents
        for module in imports(path)
        if module.partition(".")[0] in others
    ]
    assert wrong == []


DOMAIN_MAY_USE = {
    "people": set(),
    "tickets": {"people"},
    "conversation": {"tickets", "people"},
    "figures": {"tickets", "people"},
    "triage": {"tickets", "figures", "people"},
    "drafting": {"tickets", "conversation", "triage", "people"},
    "erasing": {"tickets", "conversation", "figures", "people", "triage"},
    "followers": {"tickets", "conversation", "figures", "triage", "people"},
}
"""The domains that a domain of data/ and services/ may use besides itself."""
KNOWN_CROSSINGS = {
    # Filing and changing a ticket write its suggestions and its job in the same transaction.
    ("data/tickets/columns.py", "triage"),
    ("data/tickets/queries.py", "triage"),
    ("services/tickets/recording.py", "triage"),
    # A reply writes what became of the draft that it was made from in the same transaction.
    ("services/conversation/drafted.py", "triage"),
    # The counters count the tickets of a list.
    ("services/tickets/listing.py", "figures"),
}


def test_domains_point_one_way() -> None:
    crossings = {
        (path.relative_to(PACKAGE).as_posix(), used)
        for path, _ in rooms()
        for domain in [_domain(path.relative_to(PACKAGE).with_suffix("").parts)]
        for module in imports(path)
        if module.startswith("ticket_app.")
        for used in [_domain(module.split(".")[1:])]
        if domain and used and used not in {domain, *DOMAIN_MAY_USE[domain]}
    }
    assert crossings == KNOWN_CROSSINGS


def _domain(module: Sequence[str]) -> str | None:
    """Returns the domain of a module of data/ or services/; None for one of all domains."""
    in_layer = module[0] in {"data", "services"} and len(module) > 1
    return module[1] if in_layer and module[1] in DOMAIN_MAY_USE else None


def test_every_domain_is_under_a_rule() -> None:
    folders = {each.parent.name for each in PACKAGE.glob("data/*/tables.py")}
    folders |= {each.parent.name for each in PACKAGE.glob("services/*/__init__.py")}
    assert folders <= DOMAIN_MAY_USE.keys()


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


FILES_MAX = 14


def test_a_room_is_small_and_says_what_belongs_in_it() -> None:
    wrong = []
    for init in sorted(PACKAGE.glob("*/**/__init__.py")):
        room = init.parent.relative_to(PACKAGE).as_posix()
        files = len(list(init.parent.glob("*.py")))
        if files > FILES_MAX:
            wrong.append(f"{room} has {files} files")
        if not ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))):
            wrong.append(f"{room} does not say what belongs in it")
    assert wrong == []
