"""The files that wait in a composer: a mixin for the States of the pages that have one.

The browser uploads them by HTTP. What is listed here comes from the desk, so it survives a reload.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import reflex as rx

from ticket_app.errors import FieldProblem, InvalidInputError, TicketAppError
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.schemas.files_alone import alone
from ticket_app.services.conversation.attachments.reading import unsent_files
from ticket_app.services.conversation.attachments.uploading import delete_unsent
from ticket_app.services.people.permission import Verb
from ticket_app.state.attachments.files import File, files_of
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import ATTACHMENTS_MAX, MESSAGE_MAX, MessageKind

ON_THE_WAY = "A file is not uploaded yet. Wait for it, try it again or remove it, and send then."
TOO_MANY = (
    f"A message takes {ATTACHMENTS_MAX} files. Remove some, or send them with another message."
)


class Unsent(rx.State, mixin=True):
    """The files of the composers of the ticket `files_of`, 0 before they are read: by kind, and the
    ids of each. `uploads_to` is where the browser sends another, without its kind."""

    kinds: ClassVar[tuple[MessageKind, ...]] = tuple(MessageKind)

    files_of: int = 0
    uploads_to: str = ""
    reply_files: list[File] = []
    reply_ids: list[int] = []
    note_files: list[File] = []
    note_ids: list[int] = []
    files_problem: str = ""

    @rx.event
    async def read_files(self, ticket_id: int) -> None:
        """Reads what waits, when the box is drawn, and when a file has come."""
        await self._read_files(number_of(ticket_id))

    @rx.event
    async def remove_file(self, ticket_id: int, file_id: int) -> None:
        """Removes a file that waits. One that is gone already is no error."""
        ticket_id = number_of(ticket_id)
        try:
            await self._remove(ticket_id, number_of(file_id))
        except TicketAppError as error:
            self.files_problem = error.detail if error.status != 404 else ""
        await self._read_files(ticket_id)

    async def _read_files(self, ticket_id: int) -> None:
        try:
            found = {kind: await self._found(ticket_id, kind) for kind in self.kinds}
        except TicketAppError as error:
            self.files_problem = error.detail
            return
        for kind, each in found.items():
            setattr(self, f"{kind}_files", self._shown(each))
            setattr(self, f"{kind}_ids", [file.id for file in each])
        self.files_of, self.uploads_to = ticket_id, self._uploads_to(ticket_id)
        self.files_problem = ""

    def _uploads_to(self, ticket_id: int) -> str:
        return f"/api/tickets/{ticket_id}/attachments/?kind="

    def _shown(self, found: Sequence[AttachmentPublic]) -> list[File]:
        return files_of(found)

    async def _found(self, ticket_id: int, kind: MessageKind) -> list[AttachmentPublic]:
        return await call_service(unsent_files, ticket_id, kind)

    async def _remove(self, ticket_id: int, file_id: int) -> None:
        await call_service(delete_unsent, ticket_id, file_id)


class ComposerFiles(Unsent, rx.State):
    """The files in the composer beside a conversation."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS


def ids_of(files: Any) -> list[int]:
    """Returns the ids of files that a page sent."""
    found: Sequence[Any] = files if isinstance(files, list) else ()
    return [number for each in found[: 4 * ATTACHMENTS_MAX] if (number := number_of(each))]


def words_and_files(text: Any, ids: list[int], on_the_way: Any) -> dict[str, Any]:
    """Returns body and attachments of a message. Files alone get words of their own.

    Raises InvalidInputError if files are on their way, or too many.
    """
    if number_of(on_the_way):
        raise InvalidInputError([FieldProblem("attachments", ON_THE_WAY)])
    if len(ids) > ATTACHMENTS_MAX:
        raise InvalidInputError([FieldProblem("attachments", TOO_MANY)])
    if ids and not text_of(text, MESSAGE_MAX).strip():
        return {"body": alone(len(ids)), "attachments": ids}
    return {"body": text, "attachments": ids}
