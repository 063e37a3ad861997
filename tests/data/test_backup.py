"""A backup of the database and the folder of attachments brings back a desk as it was."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from harness import postgres
from harness.actors import over_rest
from tests.conftest import leave_out, new_postgres
from tests.services.conversation.test_attachments import cleaned, in_rows, sent
from tests.services.desk import attached, opened
from ticket_app.data.engine import use_database
from ticket_app.data.migrations import migrate
from ticket_app.errors import AttachmentLostError
from ticket_app.schemas.conversation import MessageListQuery
from ticket_app.services.conversation.attachments.reading import find_file
from ticket_app.services.conversation.reading import list_messages


def back_up(database: str, target: Path) -> None:
    """Copies a database in use, with the commands of docs/attachments.md."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            connection.execute("VACUUM INTO ?", [str(target)])
    else:
        run_of_postgresql("pg_dump", "-Fc", "-f", str(target), plain(database))


def restore(backup: Path, database: str) -> str:
    """Brings a backup into a new database beside the given one; returns its URL."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        restored = backup.with_name("restored.sqlite3")
        shutil.copyfile(backup, restored)
        return f"sqlite:///{restored}"
    new = new_postgres(f"postgresql://{url.username}@{url.host}:{url.port}")
    run_of_postgresql("pg_restore", "--clean", "--if-exists", "-d", plain(new), str(backup))
    return new


def run_of_postgresql(program: str, *arguments: str) -> None:
    binaries = postgres.find_binaries()
    if binaries is None:
        leave_out("PostgreSQL", postgres.HOW_TO_BRING_IT)
    beside = (binaries / "initdb").resolve().parent
    subprocess.run([beside / program, *arguments], check=True, timeout=120)


def plain(database: str) -> str:
    return database.replace("+psycopg2", "")


def test_database_and_files_come_back_together(
    database: str, attachments_folder: Path, tmp_path: Path
) -> None:
    ticket = opened().id
    names = ("scan.pdf", "résumé €.txt")
    said = sent(ticket, *(attached(ticket, each.encode(), each).id for each in names))
    back_up(database, tmp_path / "backup")
    attached(ticket, b"while the folder is copied")
    shutil.copytree(attachments_folder, tmp_path / "files")
    later = sent(ticket, attached(ticket, b"after the backup").id)
    shutil.rmtree(attachments_folder)
    with pytest.raises(AttachmentLostError):
        find_file(over_rest(), ticket, later.attachments[0].id)

    shutil.copytree(tmp_path / "files", attachments_folder)
    use_database(restore(tmp_path / "backup", database))
    migrate()
    assert list_messages(over_rest(), ticket, MessageListQuery()) == [said]
    for file in said.attachments:
        assert find_file(over_rest(), ticket, file.id).path.read_bytes() == file.name.encode()
    assert in_rows() <= set(cleaned())
    again = sent(ticket, attached(ticket, b"after the restore").id)
    assert find_file(over_rest(), ticket, again.attachments[0].id).size == 17
