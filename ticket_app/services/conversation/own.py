"""The conversation of a person's own ticket, whatever else they may see and do."""

from ticket_app.actor import Actor
from ticket_app.schemas.conversation import MessageCreate, MessagePublic
from ticket_app.services.conversation.closing import close_ticket
from ticket_app.services.conversation.drafts.sending import Typed
from ticket_app.services.conversation.paging import ConversationPage, conversation_page
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.tickets.own import as_requester


def own_conversation(
    actor: Actor, ticket_id: int, limit: int, before: int | None = None
) -> ConversationPage:
    """Returns a page of the conversation of one's own ticket, as `conversation_page`."""
    require(actor, Verb.USE_ACCOUNT)
    return conversation_page(as_requester(actor), ticket_id, limit, before)


def answer_own(
    actor: Actor,
    ticket_id: int,
    new: MessageCreate,
    key: str | None = None,
    typed: Typed | None = None,
) -> MessagePublic:
    """Posts a message to one's own ticket, as `post_message`."""
    require(actor, Verb.USE_ACCOUNT)
    return post_message(as_requester(actor), ticket_id, new, key=key, typed=typed)


def close_own(actor: Actor, ticket_id: int) -> None:
    """Closes one's own ticket, as `close_ticket`."""
    require(actor, Verb.USE_ACCOUNT)
    close_ticket(as_requester(actor), ticket_id)
