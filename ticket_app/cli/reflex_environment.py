"""The variables that make Reflex do here what this project wants, in one place."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ticket_app.cli.build_error import BuildFailedError
from ticket_app.settings import ROOT

BUILD_DIR = ROOT / ".build"
WORK_DIR = ROOT / ".web"

ANY_ORIGIN = "page-origin.invalid"
"""Stands in a fresh build for the address of the server, until frontend.py replaces it."""


def serving_environment(pages: Path) -> dict[str, str]:
    """For the production server on the compiled `pages`: nothing is compiled again."""
    return _common() | {
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_WEB_WORKDIR": str(pages),
        "__REFLEX_SKIP_COMPILE": "true",
        # A line that died without a word is noticed within 25 s by both ends, and taken up anew.
        "REFLEX_SOCKET_INTERVAL": "10",
        "REFLEX_SOCKET_TIMEOUT": "15",
    }


def build_environment() -> dict[str, str]:
    """For a program that compiles pages to be served from any origin. Raises BuildFailedError."""
    return node_environment() | {"REFLEX_API_URL": f"http://{ANY_ORIGIN}"}


def node_environment() -> dict[str, str]:
    """Our own environment, fit for a program that needs npm. Raises BuildFailedError."""
    # pytest's mark would switch Reflex to its own test mode.
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    environment |= _common()
    environment |= {
        # The virtual environment's node and npm, before the machine's.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "REFLEX_WEB_WORKDIR": str(WORK_DIR),
        # The lock files then name packages and digests, but nobody's registry.
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_FUND": "false",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }
    # Without a registry named here Reflex would try the mirrors it knows, and take the fastest.
    if not environment.get("NPM_CONFIG_REGISTRY"):
        environment["NPM_CONFIG_REGISTRY"] = _npm_registry(environment)
    return environment


def _common() -> dict[str, str]:
    """No call home, no file outside the checkout, npm from the virtual environment, Granian."""
    return {
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(BUILD_DIR / "reflex"),
        "REFLEX_USE_NPM": "true",
        "REFLEX_USE_GRANIAN": "true",
        "PYTHONUNBUFFERED": "1",
    }


def _npm_registry(environment: dict[str, str]) -> str:
    """The registry that npm is configured for. Raises BuildFailedError without npm."""
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
