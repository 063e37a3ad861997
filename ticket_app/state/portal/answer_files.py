"""The files in the boxes in which requesters answer."""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlencode

import reflex as rx

from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.services.conversation.attachments import linked_files
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.tokens import TOKEN_LENGTHS
from ticket_app.state.attachments.files import File, files_by_link, files_of
from ticket_app.state.attachments.unsent import Unsent
from ticket_app.state.event_arguments import text_of
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import MessageKind


class OwnFiles(Unsent, rx.State):
    """The files on the page of one's own ticket."""

    needs: ClassVar[Verb | None] = Verb.USE_ACCOUNT
    kinds: ClassVar[tuple[MessageKind, ...]] = (MessageKind.REPLY,)


class LinkedFiles(Unsent, rx.State):
    """The files on the page of a signed link, whose key is in the address of the page."""

    needs: ClassVar[Verb | None] = None
    kinds: ClassVar[tuple[MessageKind, ...]] = (MessageKind.REPLY,)

    @property
    def _key(self) -> str:
        return text_of(self.router.url.query_parameters.get("key"), max(TOKEN_LENGTHS) + 1)

    def _uploads_to(self, ticket_id: int) -> str:
        query = urlencode({"key": self._key})
        return f"/api/linked/{ticket_id}/attachments/?{query}&kind="

    def _shown(self, found: Sequence[AttachmentPublic]) -> list[File]:
        return files_by_link(files_of(found), self._key)

    async def _found(self, ticket_id: int, kind: MessageKind) -> list[AttachmentPublic]:  # noqa: ARG002  # it writes replies alone
        return await call_service(linked_files.linked_unsent_files, ticket_id, self._key)

    async def _remove(self, ticket_id: int, file_id: int) -> None:
        await call_service(linked_files.delete_linked_unsent, ticket_id, self._key, file_id)
