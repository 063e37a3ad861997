"""The Content-Security-Policy of the compiled pages, as strict as the build allows."""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def page_policy(client: Path) -> str:
    """Return one policy for every page in `client`."""
    return policy(page.read_text(encoding="utf-8") for page in client.rglob("*.html"))


def policy(pages: Iterable[str]) -> str:
    """Return the policy for pages of this HTML: own scripts, and inline scripts by their hashes.

    Styles may be inline: Reflex's components write style elements and attributes at run time.
    The policy forbids eval. An event handler therefore cannot return rx.toast or rx.call_script,
    which Reflex runs through eval; used in the page itself they work.
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
