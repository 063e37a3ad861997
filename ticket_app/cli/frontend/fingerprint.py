"""The fingerprint of the inputs of the compiled pages, which decides if a build is needed."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

OUTSIDE_THE_PAGES = ("api", "cli", "data", "triage")
"""Folders of ticket_app/ that are no input of a page. A change in any other causes a build."""

TOP_LEVEL = ("rxconfig.py", "requirements.txt", "requirements-build.txt", "constraints.txt")


def inputs_of_the_pages(root: Path) -> dict[str, str]:
    """Return the digest of every file that the pages depend on, keyed by its path from `root`."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(_files(root))
    }


def fingerprint(inputs: Mapping[str, str]) -> str:
    """Return a short hash of these inputs."""
    lines = "".join(f"{path} {digest}\n" for path, digest in sorted(inputs.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def why_rebuild(before: Mapping[str, str] | None, now: Mapping[str, str]) -> str:
    """Return the reason for a build, to follow the word "because"."""
    if before is None:
        return "there is no build yet"
    differing = sorted(
        path for path in before.keys() | now.keys() if before.get(path) != now.get(path)
    )
    if not differing:
        return "the last build is gone"
    first = differing[0]
    what = "is new" if first not in before else "is gone" if first not in now else "has changed"
    more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
    return f"{first} {what}{more}"


def _files(root: Path) -> Iterator[Path]:
    for name in TOP_LEVEL:
        if (root / name).is_file():
            yield root / name
    for folder in ("assets", "reflex.lock"):
        yield from (path for path in (root / folder).rglob("*") if path.is_file())
    package = root / "ticket_app"
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] not in OUTSIDE_THE_PAGES:
            yield path
