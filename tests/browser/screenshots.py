"""Takes the pictures of the README: `make screenshots`. No test.

They show the demo at a desk of its own, so that anybody can take them again.
"""

import io
import subprocess
import sys
from os import devnull, environ
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import DESKTOP, OPTIONS, PROGRAMS, TLS
from tests.serving import running_desk
from ticket_app.settings import ROOT

FOLDER = ROOT / "docs" / "images"
QUALITY = 82


def main() -> int:
    """Fills a desk, opens its pages and writes the pictures."""
    with TemporaryDirectory() as found:
        folder = Path(found)
        data = {"DATA_DIR": str(folder / "data"), "DATABASE_URL": ""}
        subprocess.run(
            [sys.executable, "-m", "ticket_app", "demo"],
            cwd=ROOT,
            env={**environ, "ENV_FILE": devnull, **data},
            check=True,
        )
        with running_desk(folder, **data) as desk:
            ticket = f"/t/{_ticket_to_show(desk.url)}"
            _take(desk.url, {"desk": "/", "ticket": ticket})
    return 0


def _ticket_to_show(url: str) -> int:
    """Returns the ticket in progress with the longest conversation, preferably with a note."""
    with httpx.Client(base_url=url, verify=TLS, timeout=30) as rest:
        tickets = rest.get("/api/tickets/", params={"status": "in_progress", "limit": 100}).json()
        numbers = [int(each["id"]) for each in tickets if each["requester_name"]]
        talks = {each: rest.get(f"/api/tickets/{each}/messages/").json() for each in numbers}
    return max(numbers, key=lambda each: _worth(talks[each]))


def _worth(talk: list[dict[str, str]]) -> tuple[bool, int]:
    return any(each["kind"] == "note" for each in talk), len(talk)


def _take(url: str, paths: dict[str, str]) -> None:
    program = next(path for name in PROGRAMS if (path := which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*OPTIONS])
        page = browser.new_page(**DESKTOP, base_url=url, color_scheme="light")
        for name, path in paths.items():
            page.goto(path)
            _settle(page)
            _write(page.screenshot(), FOLDER / f"{name}.webp")
        browser.close()


def _settle(page: Page) -> None:
    page.locator(".rows > *, .ticket-beside h3").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)  # figures and charts follow


def _write(png: bytes, path: Path) -> None:
    Image.open(io.BytesIO(png)).save(path, "WEBP", quality=QUALITY, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
