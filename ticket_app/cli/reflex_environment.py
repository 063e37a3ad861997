"""The variables that make Reflex do here what this project wants, in one place."""

import sys
from pathlib import Path

from ticket_app.settings import ROOT

BUILD_DIR = ROOT / ".build"


def common_environment() -> dict[str, str]:
    """No call home, no file outside the checkout, npm from the virtual environment, Granian."""
    return {
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(BUILD_DIR / "reflex"),
        "REFLEX_USE_NPM": "true",
        "REFLEX_USE_GRANIAN": "true",
        "PYTHONUNBUFFERED": "1",
    }


def serving_environment(pages: Path) -> dict[str, str]:
    """For the production server on the compiled `pages`: nothing is compiled again."""
    return common_environment() | {
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_WEB_WORKDIR": str(pages),
        "__REFLEX_SKIP_COMPILE": "true",
    }


def path_with_node(path: str) -> str:
    """PATH with the virtual environment's programs first: its node and npm, not the machine's."""
    return f"{Path(sys.executable).parent}:{path}"
