"""The conversation of the ticket of a signed link. Its holder speaks as the requester.

Each verb raises TicketNotFoundError alike for a wrong signature, a deleted ticket and one that
never was.
"""

from ticket_app.actor import Actor
from ticket_app.schemas.conversation import MessageCreate, MessagePublic
from ticket_app.services.conversation.closing import close_ticket
from ticket_app.services.conversation.paging import ConversationPage, conversation_page
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.people import caps
from ticket_app.services.people.tokens import new_token
from ticket_app.services.tickets.links import holder


def linked_conversation(
    actor: Actor, ticket_id: int, signature: str, limit: int, before: int | None = None
) -> ConversationPage:
    """Returns a page of the conversation, as `conversation_page`."""
    requester = holder(actor, ticket_id, signature)
    return conversation_page(requester, ticket_id, limit, before)


def answer_linked(
    actor: Actor, ticket_id: int, signature: str, new: MessageCreate, key: str | None = None
) -> MessagePublic:
    """Posts a message, as `post_message`. A client posts few an hour: TooManyRequestsError."""
    requester = holder(actor, ticket_id, signature)
    caps.count_message(requester, requester.client_address, key or new_token())
    return post_message(requester, ticket_id, new, key=key)


def close_linked(actor: Actor, ticket_id: int, signature: str) -> None:
    """Closes the ticket, as `close_ticket`."""
    requester = holder(actor, ticket_id, signature)
    close_ticket(requester, ticket_id)
