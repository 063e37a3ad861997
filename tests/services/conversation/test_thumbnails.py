"""Thumbnails: what is drawn, what never is, and that they go with their file."""

import asyncio
import errno
from io import BytesIO
from pathlib import Path
from struct import pack
from threading import Event
from typing import Any

import pytest
from PIL import Image, ImageDraw

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.conversation.test_attachments import cleaned, sent
from tests.services.desk import attached, opened
from ticket_app.data.conversation.attachments import files
from ticket_app.errors import AttachmentNotFoundError, StorageUnavailableError
from ticket_app.services.conversation.attachments import thumbnails
from ticket_app.services.conversation.attachments.thumbnails import draw_thumbnail, find_thumbnail
from ticket_app.services.conversation.attachments.uploading import delete_unsent
from ticket_app.services.threads import DRAWING, run
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("sqlite_database", "attachments_folder")

ORIENTATION = 0x0112


def picture(form: str = "PNG", size: tuple[int, int] = (800, 400), **options: Any) -> bytes:
    """Returns an image whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "red")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill="blue")
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_has_a_small_one_that_is_drawn_once(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = opened().id
    file = attached(ticket, picture(form), f"a.{form.lower()}")
    assert find_thumbnail(over_rest(), ticket, file.id) is None
    found = draw_thumbnail(over_rest(), ticket, file.id)
    with Image.open(found.path) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (320, 160))
        left, right = (
            drawn.convert("RGB").getpixel((20, 80)),
            drawn.convert("RGB").getpixel((300, 80)),
        )
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert left[0] > 200 > left[2] and right[2] > 200 > right[0]
    with monkeypatch.context() as patched:
        patched.setattr(thumbnails, "_drawn", None)
        for looks in (find_thumbnail, draw_thumbnail):
            assert looks(over_rest(), ticket, file.id) == found
    found.path.unlink()
    assert draw_thumbnail(over_rest(), ticket, file.id) == found


def test_a_photograph_is_upright_and_tells_nothing_of_its_camera() -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x010F] = 6, "Canary"
    ticket = opened().id
    file = attached(ticket, picture("JPEG", exif=exif), "a.jpg")
    found = draw_thumbnail(over_rest(), ticket, file.id)
    with Image.open(found.path) as drawn:
        assert drawn.size == (160, 320)
        assert not drawn.getexif()
    assert b"Canary" not in found.path.read_bytes()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg"),
        (b"<!DOCTYPE html><p>a", "a.png"),
        (b"%PDF-1.7\n%\xe2\xe3", "a.png"),
        (picture("TIFF"), "a.png"),
        (picture("PNG")[:200], "a.png"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a.png"),
    ],
)
def test_what_is_no_picture_or_a_broken_one_has_none(content: bytes, name: str) -> None:
    ticket = opened().id
    file = attached(ticket, content, name)
    for _ in range(2):
        with pytest.raises(AttachmentNotFoundError):
            draw_thumbnail(over_rest(), ticket, file.id)


def test_a_small_file_that_unfolds_into_gigabytes_is_not_unfolded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bomb = BytesIO()
    Image.new("1", (9_000, 9_000)).save(bomb, "PNG", optimize=True)
    assert len(bomb.getvalue()) < 20_000
    ticket = opened().id
    file = attached(ticket, bomb.getvalue(), "a.png")

    def unfold(*_: object) -> None:
        raise AssertionError("it was unfolded")

    monkeypatch.setattr(Image.Image, "thumbnail", unfold)
    with pytest.raises(AttachmentNotFoundError):
        draw_thumbnail(over_rest(), ticket, file.id)


@pytest.mark.parametrize("parts", ["scans", "segments"])
def test_a_small_file_of_very_many_parts_is_given_up(parts: str) -> None:
    ordinary = picture("JPEG", progressive=True)
    scan = ordinary[ordinary.rindex(b"\xff\xda") : -2]
    repeated = {
        "scans": ordinary[:-2] + 30 * scan + ordinary[-2:],
        "segments": ordinary[:2] + 60_000 * b"\xff\xed\0\2" + ordinary[2:],
    }
    ticket = opened().id
    good, bad = (attached(ticket, each, "a.jpg") for each in (ordinary, repeated[parts]))
    assert draw_thumbnail(over_rest(), ticket, good.id).size
    for look in (draw_thumbnail, find_thumbnail):
        with pytest.raises(AttachmentNotFoundError):
            look(over_rest(), ticket, bad.id)


def test_a_photograph_with_odd_notes_is_drawn_upright() -> None:
    maker = pack(">HHII", 0x010F, 5, 1, 38)  # a fraction, where the name of the maker belongs
    notes = maker + pack(">HHIHH", ORIENTATION, 3, 1, 6, 0)
    exif = b"Exif\0\0MM\0*" + pack(">IH", 8, 2) + notes + pack(">III", 0, 1, 2)
    ticket = opened().id
    file = attached(ticket, picture("JPEG", exif=exif), "a.jpg")
    with Image.open(draw_thumbnail(over_rest(), ticket, file.id).path) as drawn:
        assert drawn.size == (160, 320)


@pytest.mark.parametrize(
    ("error", "is_passing"),
    [
        (AttributeError("of Pillow"), False),
        (OSError("truncated"), False),
        (OSError(errno.EMFILE, "too many open files"), True),
        (MemoryError(), True),
    ],
)
def test_what_cannot_be_drawn_is_remembered_unless_it_passes(
    error: Exception, is_passing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    ticket = opened().id
    file = attached(ticket, picture(), "a.png")
    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", fail)
        with pytest.raises(type(error) if is_passing else AttachmentNotFoundError):
            draw_thumbnail(over_rest(), ticket, file.id)
    if is_passing:
        assert draw_thumbnail(over_rest(), ticket, file.id).size
    else:
        with pytest.raises(AttachmentNotFoundError):
            draw_thumbnail(over_rest(), ticket, file.id)


def test_a_disk_that_cannot_be_read_now_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, "input/output error")

    ticket = opened().id
    file = attached(ticket, picture(), "a.png")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", fail)
        with pytest.raises(StorageUnavailableError):
            draw_thumbnail(over_rest(), ticket, file.id)
    assert draw_thumbnail(over_rest(), ticket, file.id).size


def test_what_is_drawn_already_waits_for_no_drawing() -> None:
    ticket = opened().id
    old, new = (attached(ticket, picture(form), "a.png").id for form in ("PNG", "GIF"))
    drawn = draw_thumbnail(over_rest(), ticket, old)
    release = Event()

    async def scene() -> None:
        drawing = asyncio.create_task(DRAWING.do(lambda: release.wait(60)))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(run(over_rest(), draw_thumbnail, ticket, new))
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(30):
                assert await run(over_rest(), find_thumbnail, ticket, old) == drawn
            assert not waiting.done()
        finally:
            release.set()
        assert (await waiting).size
        assert await drawing

    asyncio.run(scene())


def test_a_thumbnail_is_for_whom_its_file_is() -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    bea = acting(account("bea@example.com", Role.REQUESTER), Role.REQUESTER)
    ticket = opened(requester_email="bea@example.com").id
    note = attached(ticket, picture(), "a.png", actor=ada).id
    with pytest.raises(AttachmentNotFoundError):
        draw_thumbnail(bea, ticket, note)
    sent(ticket, note, actor=ada, kind="note")
    assert draw_thumbnail(ada, ticket, note).size
    with pytest.raises(AttachmentNotFoundError):
        draw_thumbnail(bea, ticket, note)


def test_a_thumbnail_goes_with_the_last_attachment_of_its_file(attachments_folder: Path) -> None:
    ticket = opened().id
    one, two = (attached(ticket, picture(), name) for name in ("a.png", "b.png"))
    found = draw_thumbnail(over_rest(), ticket, one.id)
    delete_unsent(over_rest(), ticket, one.id)
    cleaned()
    assert found.path.exists()
    delete_unsent(over_rest(), ticket, two.id)
    cleaned()
    assert [each for each in attachments_folder.rglob("*") if each.is_file()] == []


def test_a_thumbnail_whose_file_is_removed_meanwhile_does_not_stay(
    attachments_folder: Path,
) -> None:
    ticket = opened().id
    file = attached(ticket, picture(), "a.png")
    digest = draw_thumbnail(over_rest(), ticket, file.id).digest
    delete_unsent(over_rest(), ticket, file.id)
    cleaned()
    files.keep_thumbnail(digest, b"late")
    assert [each for each in attachments_folder.rglob("*") if each.is_file()] == []
