"""The environment variables that configure Reflex for this project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ticket_app.cli.frontend.build_error import BuildFailedError
from ticket_app.settings import ROOT

BUILD_DIR = ROOT / ".build"
WORK_DIR = ROOT / ".web"

ANY_ORIGIN = "page-origin.invalid"
"""Placeholder for the server's address in a fresh build, which compilation.py replaces."""


def serving_environment(pages: Path) -> dict[str, str]:
    """Return the variables of the production server on the compiled `pages`, without a compile."""
    return _common() | {
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_WEB_WORKDIR": str(pages),
        "__REFLEX_SKIP_COMPILE": "true",
        # Both ends notice a dead connection within 19 s, and the page connects again. Others see
        # nobody at a ticket whose page leaves one ping unanswered: see presence.py.
        "REFLEX_SOCKET_INTERVAL": "4",
        "REFLEX_SOCKET_TIMEOUT": "15",
    }


def build_environment() -> dict[str, str]:
    """Return the environment for compiling pages that work at any origin. BuildFailedError."""
    return node_environment() | {"REFLEX_API_URL": f"http://{ANY_ORIGIN}"}


def node_environment() -> dict[str, str]:
    """Return our own environment, completed for npm. BuildFailedError without npm."""
    # This variable of pytest would switch Reflex to its own test mode.
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    environment |= _common()
    environment |= {
        # The virtual environment's node and npm take precedence over the machine's.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "REFLEX_WEB_WORKDIR": str(WORK_DIR),
        # Keeps the addresses of a registry out of the lock files.
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_FUND": "false",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }
    # Without this variable Reflex tries the mirrors it knows and uses the fastest.
    if not environment.get("NPM_CONFIG_REGISTRY"):
        environment["NPM_CONFIG_REGISTRY"] = _npm_registry(environment)
    return environment


def _common() -> dict[str, str]:
    """Return common variables: no telemetry, files only in the checkout, our npm, and Granian."""
    return {
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(BUILD_DIR / "reflex"),
        "REFLEX_USE_NPM": "true",
        "REFLEX_USE_GRANIAN": "true",
        "PYTHONUNBUFFERED": "1",
    }


def _npm_registry(environment: dict[str, str]) -> str:
    """Return the registry of npm's configuration. BuildFailedError without npm."""
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        raise BuildFailedError(
            "There is no npm in this environment; for example: "
            f"{sys.executable} -m pip install -r requirements-build.txt"
        )
    asked = subprocess.run(
        [npm, "config", "get", "registry"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise BuildFailedError(f"npm does not run here: {asked.stderr.strip()[-300:]}")
    return asked.stdout.strip()
