"""Compiles the pages with Reflex into static files, which are served without Node."""

import fcntl
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ticket_app.cli.frontend.build_error import BuildFailedError
from ticket_app.cli.frontend.fingerprint import fingerprint, inputs_of_the_pages, why_rebuild
from ticket_app.cli.frontend.process import run_with_children
from ticket_app.cli.frontend.reflex_environment import (
    ANY_ORIGIN,
    BUILD_DIR,
    WORK_DIR,
    build_environment,
)
from ticket_app.cli.say import say
from ticket_app.settings import ROOT

KEPT_BUILDS = 3
"""Builds that are kept: a running server may still serve an older one."""


def built_pages() -> Path:
    """Return the folder of the compiled pages for the present sources; compile them if needed.

    It prints in one line why it compiles. BuildFailedError if it cannot.
    """
    inputs = inputs_of_the_pages(ROOT)
    if not _folder(inputs).exists():
        with _one_build_at_a_time():
            if not _folder(inputs).exists():
                return _build(inputs)
    return _folder(inputs)


def use_own_origin(client: Path) -> None:
    """Make the compiled page connect to its own origin, whatever its host and port.

    Reflex compiles one absolute address into the page. BuildFailedError if it is not found.
    """
    baked = re.compile(rf"""([`"'])(?:http|ws)s?://{re.escape(ANY_ORIGIN)}(/[\w-]*)\1""")
    replaced = 0
    for script in client.rglob("*.js"):
        text, count = baked.subn(r'location.origin+"\2"', script.read_text(encoding="utf-8"))
        if count:
            script.write_text(text, encoding="utf-8")
            for compressed in script.parent.glob(f"{script.name}.*"):
                compressed.unlink()
        replaced += count
        if ANY_ORIGIN in text:
            raise BuildFailedError(f"{script} names an address in a way that was not expected.")
    if not replaced:
        raise BuildFailedError("The compiled page names no address of the server.")


def _folder(inputs: dict[str, str]) -> Path:
    return BUILD_DIR / fingerprint(inputs)


def _build(inputs: dict[str, str]) -> Path:
    before = _inputs_of_last_build()
    again = "" if before is None else "again "
    say(f"Compiling the pages {again}because {why_rebuild(before, inputs)}.")
    if not (WORK_DIR / "node_modules").exists():
        say("The first time this installs the UI's packages, which takes half a minute or more.")
    began = time.monotonic()
    _export()
    use_own_origin(WORK_DIR / "build" / "client")
    # The first use of another npm package has changed the lock files.
    inputs |= {k: v for k, v in inputs_of_the_pages(ROOT).items() if k.startswith("reflex.lock/")}
    _publish(_folder(inputs))
    (BUILD_DIR / "inputs.json").write_text(json.dumps(inputs, indent=1), encoding="utf-8")
    _forget_old_builds()
    say(f"Compiled in {time.monotonic() - began:.0f} s.")
    return _folder(inputs)


def _export() -> None:
    log = BUILD_DIR / "build.log"
    with log.open("w", encoding="utf-8") as output:
        failed = run_with_children(
            [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
            environment=build_environment(),
            output=output,
        )
    if failed:
        tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-25:])
        say(tail, to=sys.stderr)
        raise BuildFailedError(f"The pages could not be compiled; the whole output is in {log}.")


def _publish(target: Path) -> None:
    """Copy the files that serving needs, in Reflex's layout. The final rename is atomic."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(WORK_DIR / "build" / "client", unfinished / "build" / "client")
    shutil.copytree(WORK_DIR / "backend", unfinished / "backend")
    shutil.copy(WORK_DIR / "routes.json", unfinished)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)


def _inputs_of_last_build() -> dict[str, str] | None:
    try:
        inputs: dict[str, str] = json.loads((BUILD_DIR / "inputs.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return inputs


def _forget_old_builds() -> None:
    builds = sorted(
        (path.parent for path in BUILD_DIR.glob("*/routes.json")),
        key=lambda build: build.stat().st_mtime,
        reverse=True,
    )
    for build in builds[KEPT_BUILDS:]:
        shutil.rmtree(build)


@contextmanager
def _one_build_at_a_time() -> Iterator[None]:
    BUILD_DIR.mkdir(exist_ok=True)
    with (BUILD_DIR / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another build to finish.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
