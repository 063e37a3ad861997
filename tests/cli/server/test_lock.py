"""Two desks start at the same moment: one serves, and the other says why it does not."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.ports import free_port
from tests.serving import end
from ticket_app.cli.server.lock import only_desk
from ticket_app.errors import ConfigurationError
from ticket_app.settings import ROOT, Settings

SECONDS = 120


def started(port: int, folder: Path) -> "subprocess.Popen[str]":
    """Starts a desk. Its output goes to a file, because nobody would read a pipe."""
    folder.mkdir()
    with (folder / "said").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "ticket_app", "serve"],
            cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            env={**os.environ, "ENV_FILE": os.devnull, "PORT": str(port), "DATA_DIR": str(folder)},
            start_new_session=True,
        )  # fmt: skip


def test_two_starts_at_the_same_moment_do_not_share_a_port(tmp_path: Path) -> None:
    port = free_port()
    desks = {folder: started(port, tmp_path / folder) for folder in ("one", "two")}
    try:
        deadline = time.monotonic() + SECONDS
        while all(desk.poll() is None for desk in desks.values()):
            assert time.monotonic() < deadline, "both go on"
            time.sleep(0.02)
        ended = [folder for folder, desk in desks.items() if desk.poll() is not None]
        assert [desks[folder].returncode for folder in ended] == [2]
        said = (tmp_path / ended[0] / "said").read_text()
        assert said.count("\n") == 1
        assert f"Port {port} is taken" in said
    finally:
        for desk in desks.values():
            end(desk)


def settings(port: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setenv("DATA_DIR", str(folder))
    return Settings(_env_file=None)


def test_every_address_has_the_port_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    with ExitStack() as open_ones:
        for host in ("0.0.0.0", "127.0.0.1", "localhost", "::1"):  # noqa: S104  # never bound
            monkeypatch.setenv("HOST", host)
            here = only_desk(settings(port, tmp_path / host, monkeypatch))
            if host == "0.0.0.0":  # noqa: S104
                open_ones.enter_context(here)
                continue
            with pytest.raises(ConfigurationError, match="is taken"):
                open_ones.enter_context(here)


def test_a_folder_is_one_desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings(free_port(), tmp_path / "50% sure?", monkeypatch)
    with only_desk(first):
        second = settings(free_port(), tmp_path / "50% sure?", monkeypatch)
        with pytest.raises(ConfigurationError, match="Another desk works"), only_desk(second):
            pass
        with only_desk(settings(free_port(), tmp_path / "other", monkeypatch)):
            pass
    with only_desk(first):
        pass


def test_a_folder_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").touch()
    here = settings(free_port(), tmp_path / "taken", monkeypatch)
    with pytest.raises(ConfigurationError, match="DATA_DIR"), only_desk(here):
        pass
