"""The contents of attachments on disk, each in a file that its SHA-256 names.

A content is written to a file of its own and then renamed, so that no file is ever half written.
Its folders are the first two pairs of digits. Several processes may share the folder. What a killed
process leaves is a file that no row names, which services/conversation/attachments/cleaning.py
finds.
"""

import errno
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

from ticket_app.errors import StorageFullError, StorageUnavailableError
from ticket_app.settings import get_settings

log = logging.getLogger(__name__)

INCOMING = "incoming"
"""The folder of files that are still written, in the same file system."""
PREFIXES = tuple(f"{number:02x}" for number in range(256))
"""The names of the first level of folders."""
RESERVE = 256 * 1024 * 1024
"""Bytes of the disk that attachments leave free: the database may be on it, too."""
THUMBNAIL = ".webp"
"""The end of the name of a thumbnail, beside the content from which it was made."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Incoming:
    """A content that is being received, in a file that no other process uses.

    All methods may be called by any thread. They raise StorageFullError and
    StorageUnavailableError.
    """

    def __init__(self) -> None:
        """Create the file."""
        with _storage_errors():
            folder = get_settings().attachments_folder / INCOMING
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = mkstemp(dir=folder)
        self.path = Path(name)
        self.size = 0
        self._file = os.fdopen(number, "wb", buffering=0)
        self._hash = sha256()
        self._lock = threading.Lock()

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written, in hexadecimal digits."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Append these bytes."""
        with self._lock, _storage_errors():
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._hash.update(data)
            self.size += len(data)

    def seal(self) -> None:
        """Let the disk have all of it. Nothing can be written afterwards."""
        with self._lock, _storage_errors():
            os.fsync(self._file.fileno())
            self._file.close()

    def publish_as(self, target: Path) -> None:
        """Give what was written this name in a folder that is there, without waiting for the disk:
        for what can be made again."""
        with self._lock, _storage_errors():
            self._file.close()
            self.path.replace(target)

    def publish(self) -> None:
        """Give the sealed content its name. A file of the same name has the same content."""
        with self._lock, _storage_errors():
            target = path_of(self.digest)
            _make_folder(target.parent.parent)
            _make_folder(target.parent)
            self.path.replace(target)
            _sync_folder(target.parent)

    def discard(self) -> None:
        """Remove the file, unless it was published."""
        with self._lock, _storage_errors():
            self._file.close()
            self.path.unlink(missing_ok=True)


def path_of(digest: str) -> Path:
    """Return where the content with this SHA-256 is. ValueError for anything else."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError("not a SHA-256 in hexadecimal digits")
    return get_settings().attachments_folder / digest[:2] / digest[2:4] / digest


def thumbnail_path_of(digest: str) -> Path:
    """Return where the thumbnail of this content is, if it has one; it may be made again."""
    return path_of(digest).with_suffix(THUMBNAIL)


def size_of(path: Path) -> int | None:
    """Return the bytes of a file; None if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def read(digest: str) -> bytes:
    """Return a content. Raise StorageUnavailableError if it cannot be read."""
    with _storage_errors():
        return path_of(digest).read_bytes()


def keep_thumbnail(digest: str, drawn: bytes) -> None:
    """Store the thumbnail of a content, beside it. If that is removed meanwhile, so is this."""
    picture = Incoming()
    try:
        picture.write(drawn)
        picture.publish_as(thumbnail_path_of(digest))
    finally:
        picture.discard()
    if not path_of(digest).exists():
        remove(digest)


def remove(digest: str) -> None:
    """Remove a content and its thumbnail, if they are there: the thumbnail last, so that
    `keep_thumbnail` sees the removal."""
    with _storage_errors():
        path_of(digest).unlink(missing_ok=True)
        thumbnail_path_of(digest).unlink(missing_ok=True)


def require_room(size: int) -> None:
    """Raise StorageFullError if so many more bytes would leave less than RESERVE."""
    folder = get_settings().attachments_folder
    with _storage_errors():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < size + RESERVE:
            raise StorageFullError


def stored_before(prefix: str, moment: float) -> Iterator[str]:
    """Yield the contents of one of PREFIXES whose files, or thumbnails, were written before, in
    seconds of Unix."""
    for path in (get_settings().attachments_folder / prefix).glob("*/*"):
        digest = path.name.removesuffix(THUMBNAIL)
        if _DIGEST.fullmatch(digest) and _is_older(path, moment):
            yield digest


def remove_incoming_before(moment: float) -> None:
    """Remove files that killed processes have left half written, and that are older."""
    with _storage_errors():
        for path in (get_settings().attachments_folder / INCOMING).glob("*"):
            if _is_older(path, moment):
                path.unlink(missing_ok=True)


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:  # another process has removed it
        return False


def _make_folder(folder: Path) -> None:
    """Create a folder, so that it is there after a loss of power, too."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Raise the desk's own error for one of the system."""
    try:
        yield
    except OSError as error:
        log.warning("the folder of the attachments cannot be used: %s", error)
        raise (StorageFullError if error.errno in FULL else StorageUnavailableError) from error
