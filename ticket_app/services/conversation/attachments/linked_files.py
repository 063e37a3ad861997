"""The files of the ticket of a signed link. Its holder speaks as the requester.

Each verb raises TicketNotFoundError alike for a wrong signature, a deleted ticket and one that
never was.
"""

from ticket_app.actor import Actor
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.services.conversation.attachments.reading import unsent_files
from ticket_app.services.conversation.attachments.uploading import delete_unsent
from ticket_app.services.people import caps
from ticket_app.services.tickets.links import holder
from ticket_app.vocabulary import MessageKind


def linked_uploader(actor: Actor, ticket_id: int, signature: str) -> Actor:
    """Returns the actor who uploads a file. A client uploads few an hour: TooManyRequestsError."""
    requester = holder(actor, ticket_id, signature)
    caps.count_upload(requester, requester.client_address)
    return requester


def linked_unsent_files(actor: Actor, ticket_id: int, signature: str) -> list[AttachmentPublic]:
    """Returns the files that wait in the answer, as `unsent_files`. All holders of a link share
    them."""
    requester = holder(actor, ticket_id, signature)
    return unsent_files(requester, ticket_id, MessageKind.REPLY)


def delete_linked_unsent(actor: Actor, ticket_id: int, signature: str, attachment_id: int) -> None:
    """Deletes a file that waits in the answer, as `delete_unsent`."""
    requester = holder(actor, ticket_id, signature)
    delete_unsent(requester, ticket_id, attachment_id)
