"""Databases for the tests, and a report of the programs that a machine lacks."""

import os
import shutil
import signal
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from harness import postgres
from tests import pooler, redis_server
from ticket_app.cli.server.garbage import collect_garbage_rarely
from ticket_app.data.engine import use_database
from ticket_app.data.migrations import migrate
from ticket_app.services.people import caps, identity
from ticket_app.services.people.api_tokens import bearer
from ticket_app.services.people.caps import Counted
from ticket_app.services.triage import ledger
from ticket_app.settings import Settings, get_settings
from ticket_app.triage.learned import use_models

# Tests must not read the developer's settings, nor reach a real provider.
for name in Settings.model_fields:
    os.environ.pop(name.upper(), None)
os.environ["ENV_FILE"] = os.devnull

# In memory no commit waits for a disk: tests of services take two thirds of the time there.
if (memory := postgres.memory_folder()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))

# A suite in the background may start with these signals ignored. Its child processes, which it
# stops with them, would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

SECONDS_TO_WRITE = 2.0
MISSING = "is missing; bring it with: "
PROGRAM_FIXTURES = frozenset({"postgres_server", "pooled", "redis", "chromium"})
"""The fixtures that start a program."""
PROGRAM_NAMES = frozenset(
    {"subprocess", "running_desk", "running_desks", "run_command", "FakeProvider"}
)
"""The names that a test module imports to start a program, or to answer as a provider."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test` and `make test-fast` leave out, before marks are selected."""
    first: dict[tuple[str, str], object] = {}
    for item in items:
        if isinstance(item, pytest.Function):
            if _is_left_to_prove(item, first):
                item.add_marker("prove")
            if _needs_a_program(item):
                item.add_marker("program")
                # Its times are those of a whole machine. docs/decisions/0027 has the reasons.
                item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish() -> None:
    """Collect garbage as the server does: rarely, and without the 700,000 objects of the imports.

    Each collection of them all took 0.3 s, a sixth of the time of a test of State.
    """
    collect_garbage_rarely()


def _is_left_to_prove(item: pytest.Function, first: dict[tuple[str, str], object]) -> bool:
    """Returns True if a parameter named by `rest_in_prove` has another value than its first.

    `first` keeps the first value of each parameter of each test.
    """
    test, _, _ = item.nodeid.partition("[")
    names = [name for mark in item.iter_markers("rest_in_prove") for name in mark.args]
    values = {name: item.callspec.params[name] for name in names}
    return any(first.setdefault((test, name), value) != value for name, value in values.items())


def _needs_a_program(item: pytest.Function) -> bool:
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return bool(
        "postgresql" in [value for value in values if isinstance(value, str)]
        or PROGRAM_FIXTURES.intersection(item.fixturenames)
        or PROGRAM_NAMES.intersection(vars(item.module))
    )


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Forgets what this process keeps of a test, as a new process of the desk would."""
    yield
    use_models({})
    caps.counted = Counted()
    bearer._used.clear()


def leave_out(what: str, how_to_bring_it: str) -> NoReturn:
    """Skip a test whose program is missing, and report it at the end; if CI is set, fail."""
    line = f"{what} {MISSING}{how_to_bring_it}"
    if os.environ.get("CI"):
        pytest.fail(line)
    pytest.skip(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report what was left out or run twice, so that nobody takes this run for a whole one."""
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[-1]).removeprefix("Skipped: ")
        if MISSING in reason:
            left_out.setdefault(reason, []).append(report.nodeid)
    for line, tests in sorted(left_out.items()):
        terminalreporter.write_line(f"LEFT OUT, {len(tests)} tests: {line}", yellow=True)
        for test in tests:
            terminalreporter.write_line(f"    {test}")
    wrong = {
        report.nodeid
        for outcome in ("failed", "error")
        for report in terminalreporter.stats.get(outcome, [])
    }
    for report in terminalreporter.stats.get("rerun", []):
        if report.nodeid not in wrong:
            terminalreporter.section(f"FAILED ONCE: {report.nodeid}", yellow=True)
            terminalreporter.write_line(report.longreprtext)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape surrogates in a test's output: another process receives it, and refuses them."""
    report = yield
    report.sections = [
        (name, printed.encode(errors="backslashreplace").decode())
        for name, printed in report.sections
    ]
    return report


@pytest.fixture
def attachments_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder for the attachments of this test; it does not exist yet."""
    folder = tmp_path / "attachments"
    monkeypatch.setenv("ATTACHMENTS_DIR", str(folder))
    get_settings.cache_clear()
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server, without a database name."""
    binaries = postgres.find_binaries()
    if binaries is None:
        leave_out("PostgreSQL", postgres.HOW_TO_BRING_IT)
    with postgres.running_server(binaries) as address:
        yield address


@pytest.fixture(params=["session", "transaction"])
def pooled(
    request: pytest.FixtureRequest, postgres_server: str, _postgres_template: str
) -> Iterator[str]:
    """An empty, migrated PostgreSQL database behind a PgBouncer; the parameter is its mode."""
    binary = pooler.find_pooler()
    if binary is None:
        leave_out("PgBouncer", pooler.HOW_TO_BRING_IT)
    database = make_url(new_postgres(postgres_server, template=_postgres_template)).database
    with pooler.running_pooler(binary, postgres_server, mode=request.param) as address:
        yield from _in_use(f"postgresql+psycopg2://{address.partition('://')[2]}/{database}")


@pytest.fixture
def redis() -> Iterator[redis_server.RedisServer]:
    """An empty Redis server for one test."""
    binary = redis_server.find_binary()
    if binary is None:
        leave_out("Redis", redis_server.HOW_TO_BRING_IT)
    with redis_server.running_redis(binary) as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> str:
    return new_postgres(postgres_server, migrated=True)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "desk.sqlite3"
    use_database(f"sqlite:///{path}")
    migrate()
    use_database(None)
    return path


@pytest.fixture
def sqlite_database(_sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated SQLite database; this process uses it."""
    path = tmp_path / "desk.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    yield from _in_use(f"sqlite:///{path}")


@pytest.fixture
def postgres_database(postgres_server: str, _postgres_template: str) -> Iterator[str]:
    """An empty, migrated PostgreSQL database; this process uses it."""
    url = new_postgres(postgres_server, template=_postgres_template)
    yield from _in_use(url)
    _ask(postgres_server, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """An empty, migrated database on each engine in turn; this process uses it."""
    wanted = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    url: str = request.getfixturevalue(wanted)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a schema, on each engine in turn; this process uses it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bare.sqlite3'}"
    else:
        url = new_postgres(request.getfixturevalue("postgres_server"))
    yield from _in_use(url)


def _in_use(url: str) -> Iterator[str]:
    use_database(url)
    identity.forget()
    yield url
    ledger._queue.flush(SECONDS_TO_WRITE)  # or it writes into the next test's database
    use_database(None)
    identity.forget()


def kept_copy(url: str) -> str:
    """Returns the URL of a copy that outlives the test; no connection may be open now."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        file = Path(str(address.database))
        copy = file.parent.with_name(f"{uuid4().hex}.sqlite3")  # the test's folder goes with it
        return f"sqlite:///{shutil.copyfile(file, copy)}"
    server = f"postgresql://{address.username}@{address.host}:{address.port}"
    return new_postgres(server, template=url)


@cache
def _administration(server: str) -> psycopg2.extensions.connection:
    """Returns the connection that creates and drops databases, kept until the server ends it.

    To connect takes as long as to copy a database.
    """
    connection = psycopg2.connect(f"{server}/postgres")
    connection.autocommit = True
    return connection


def _copying(server: str) -> str:
    """Returns the option of CREATE DATABASE that copies fastest; PostgreSQL before 15 has none."""
    return " STRATEGY FILE_COPY" if _administration(server).server_version >= 150_000 else ""


def _ask(server: str, statement: str) -> None:
    _administration(server).cursor().execute(statement)


def new_postgres(server: str, *, template: str | None = None, migrated: bool = False) -> str:
    """Returns the URL of a new database: empty, migrated, or copied from `template`."""
    name = f"desk_{uuid4().hex}"
    source = f' TEMPLATE "{make_url(template).database}"{_copying(server)}' if template else ""
    _ask(server, f'CREATE DATABASE "{name}"{source}')
    url = f"postgresql+psycopg2://{server.partition('://')[2]}/{name}"
    if migrated:
        use_database(url)
        migrate()
        use_database(None)
    return url
