"""The bulkhead of each service, and the one way in which edges call services from an event loop.

Each kind of work has few threads. More threads on one interpreter spend more time on switching than
on work: with 32 requests at once, four threads made twice as many pages of tickets as eight.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from ticket_app.actor import Actor
from ticket_app.services import figures
from ticket_app.services.bulkhead import Answer, Bulkhead, Leaving
from ticket_app.services.conversation import closing, holding, linked, own, posting
from ticket_app.services.conversation.attachments import thumbnails, uploading
from ticket_app.services.conversation.drafts import saving
from ticket_app.services.drafting import context as draft_context
from ticket_app.services.drafting import stored as drafts
from ticket_app.services.people import sessions
from ticket_app.services.people.accounts import directory, invitations, rights
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.signing_in import second_factor
from ticket_app.services.tickets import changing, deleting, filing_by_form, similar
from ticket_app.services.triage import report as triage_report

QUICK = Bulkhead("quick", 4)
"""Work of a millisecond or two that waits for no lock."""
FILING = Bulkhead("filing-form", 2)
"""Tickets of the form. Those of REST are filed in batches, by a thread of their own."""
CHANGING = Bulkhead("changing", 6)
"""Changes of a ticket or a person, which may wait for a lock."""
STORING = Bulkhead("storing", 4)
"""Writes of attachments, which wait for the disk."""
DRAWING = Bulkhead("drawing", 1)
"""New thumbnails, each of which may take much memory while it is made. What is made already is
found by QUICK, and waits for none."""
SEARCHING = Bulkhead("searching", 4)
"""Searches, which may take as long as the statement timeout allows."""
REPORTING = Bulkhead("reporting", 2)
"""Reports, which read much and are read by few."""

BULKHEADS: dict[Callable[..., Any], Bulkhead] = {
    filing_by_form.file_form: FILING,
    changing.update_ticket: CHANGING,
    posting.post_message: CHANGING,
    holding.send_message: CHANGING,
    holding.take_back: CHANGING,
    saving.save_draft: CHANGING,
    closing.close_ticket: CHANGING,
    own.answer_own: CHANGING,
    own.close_own: CHANGING,
    linked.answer_linked: CHANGING,
    linked.close_linked: CHANGING,
    thumbnails.draw_thumbnail: DRAWING,
    uploading.begin_upload: STORING,
    uploading.append_to_upload: STORING,
    uploading.finish_upload: STORING,
    uploading.discard_upload: STORING,
    uploading.delete_unsent: CHANGING,
    drafts.keep_draft: CHANGING,
    drafts.throw_away: CHANGING,
    deleting.delete_ticket: CHANGING,
    deleting.ensure_deleted: CHANGING,
    deleting.restore_ticket: CHANGING,
    rights.change_role: CHANGING,
    invitations.invite: CHANGING,
    directory.rename_self: CHANGING,
    invitations.reset: CHANGING,
    rights.set_active: CHANGING,
    issuing.make_own_token: CHANGING,
    issuing.revoke_own_token: CHANGING,
    second_factor.confirm_factor: CHANGING,
    second_factor.remove_factor: CHANGING,
    sessions.end_all: CHANGING,
    sessions.end_one_of_own: CHANGING,
    sessions.end_own: CHANGING,
    similar.similar_tickets: SEARCHING,
    draft_context.read_context: SEARCHING,
    drafts.review: SEARCHING,
    figures.ticket_insights: REPORTING,
    triage_report.triage_report: REPORTING,
}
"""The bulkhead of each service. Any other service is QUICK, or SEARCHING if its query searches."""


async def run(
    actor: Actor,
    service: Callable[..., Answer],
    *args: Any,
    leaving: Leaving | None = None,
    **kwargs: Any,
) -> Answer:
    """Calls the service for this actor in a thread of its bulkhead, and returns its result.

    Raises BusyError if no thread is free in time, or the service's own error.
    """
    searches = args and getattr(args[0], "search", None) is not None
    bulkhead = SEARCHING if searches else BULKHEADS.get(service, QUICK)
    return await bulkhead.do(partial(service, actor, *args, **kwargs), leaving)
