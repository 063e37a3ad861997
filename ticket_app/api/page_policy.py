"""The Content-Security-Policy of the compiled pages, as tight as the build allows."""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def page_policy(client: Path) -> str:
    """The policy for every page in `client`."""
    return policy(page.read_text(encoding="utf-8") for page in client.rglob("*.html"))


def policy(pages: Iterable[str]) -> str:
    """The policy for pages of this HTML: scripts are ours, and inline only as they were built.

    Styles may be inline: Reflex's own parts write style elements and attributes while they run.
    No script may be made of a string, so an event handler cannot answer with rx.toast or
    rx.call_script, which Reflex runs through eval; on the page's side they work.
    """
    scripts = {script for page in pages for script in INLINE_SCRIPT.findall(page)}
    hashes = " ".join(sorted(f"'sha256-{_digest(script)}'" for script in scripts))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
