"""Databases for the tests, and a clear word about what a machine lacks."""

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

from tests import pooler, postgres, redis_server
from ticket_app.data.engine import use_database
from ticket_app.data.migrations import migrate
from ticket_app.settings import Settings, get_settings
from ticket_app.triage.learned import use_models

# No test may read the settings of whoever runs it, nor reach a real provider.
for name in Settings.model_fields:
    os.environ.pop(name.upper(), None)
os.environ["ENV_FILE"] = os.devnull

# Whoever starts the suite in the background may have it ignore these; the programs that it starts,
# and sends them to, would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

MISSING = "is missing; bring it with: "


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    yield
    use_models({})


def leave_out(what: str, how_to_bring_it: str) -> NoReturn:
    """Skip a test for want of a program, and say so at the end; where CI is set, fail."""
    line = f"{what} {MISSING}{how_to_bring_it}"
    if os.environ.get("CI"):
        pytest.fail(line)
    pytest.skip(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out: nobody shall take a shortened run for a whole one."""
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[-1]).removeprefix("Skipped: ")
        if MISSING in reason:
            left_out.setdefault(reason, []).append(report.nodeid)
    for line, tests in sorted(left_out.items()):
        terminalreporter.write_line(f"LEFT OUT, {len(tests)} tests: {line}", yellow=True)
        for test in tests:
            terminalreporter.write_line(f"    {test}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test has printed goes to another process, which takes no half of a surrogate pair."""
    report = yield
    report.sections = [
        (name, printed.encode(errors="backslashreplace").decode())
        for name, printed in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, without a database name."""
    binaries = postgres.find_binaries()
    if binaries is None:
        leave_out("PostgreSQL", postgres.HOW_TO_BRING_IT)
    with postgres.running_server(binaries) as address:
        yield address


@pytest.fixture(params=["session", "transaction"])
def pooled(
    request: pytest.FixtureRequest, postgres_server: str, _postgres_template: str
) -> Iterator[str]:
    """An empty, migrated PostgreSQL database behind a PgBouncer of that mode, in use."""
    binary = pooler.find_pooler()
    if binary is None:
        leave_out("PgBouncer", pooler.HOW_TO_BRING_IT)
    database = make_url(new_postgres(postgres_server, template=_postgres_template)).database
    with pooler.running_pooler(binary, postgres_server, mode=request.param) as address:
        yield from _in_use(f"postgresql+psycopg2://{address.partition('://')[2]}/{database}")


@pytest.fixture
def redis() -> Iterator[redis_server.RedisServer]:
    """An empty Redis server of this test's own."""
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
    """An empty, migrated SQLite database, in use by this process."""
    path = tmp_path / "desk.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    yield from _in_use(f"sqlite:///{path}")


@pytest.fixture
def postgres_database(postgres_server: str, _postgres_template: str) -> Iterator[str]:
    """An empty, migrated PostgreSQL database, in use by this process."""
    url = new_postgres(postgres_server, template=_postgres_template)
    yield from _in_use(url)
    _ask(postgres_server, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """An empty, migrated database, in use by this process: each test runs on both engines."""
    wanted = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    url: str = request.getfixturevalue(wanted)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any schema, in use by this process, on both engines."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bare.sqlite3'}"
    else:
        url = new_postgres(request.getfixturevalue("postgres_server"))
    yield from _in_use(url)


def _in_use(url: str) -> Iterator[str]:
    use_database(url)
    yield url
    use_database(None)


def kept_copy(url: str) -> str:
    """A copy of a test's database that outlives the test; nobody may be connected to it now."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return url  # its folder stays
    server = f"postgresql://{address.username}@{address.host}:{address.port}"
    return new_postgres(server, template=url)


@cache
def _copying(server: str) -> str:
    """How PostgreSQL copies a database fastest; before 15 it knew no other way."""
    connection = psycopg2.connect(f"{server}/postgres")
    try:
        return " STRATEGY FILE_COPY" if connection.server_version >= 150_000 else ""
    finally:
        connection.close()


def _ask(server: str, statement: str) -> None:
    connection = psycopg2.connect(f"{server}/postgres")
    try:
        connection.autocommit = True
        connection.cursor().execute(statement)
    finally:
        connection.close()


def new_postgres(server: str, *, template: str | None = None, migrated: bool = False) -> str:
    """A new database on that server: empty, migrated, or a copy of `template`."""
    name = f"desk_{uuid4().hex}"
    source = f' TEMPLATE "{make_url(template).database}"{_copying(server)}' if template else ""
    _ask(server, f'CREATE DATABASE "{name}"{source}')
    url = f"postgresql+psycopg2://{server.partition('://')[2]}/{name}"
    if migrated:
        use_database(url)
        migrate()
        use_database(None)
    return url
