"""Sign-in by a provider: its button, and the sentence for each way in which it may fail."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlencode

import reflex as rx

from ticket_app.errors import ConfigurationError, SignOnProblem
from ticket_app.services.people.permission import Verb
from ticket_app.settings import get_settings
from ticket_app.state.event_arguments import text_of

ADDRESS_LONGEST = 2_000
SINGLE_SIGN_ON = "/api/sign-in/oidc"
PROBLEMS: Mapping[str, str] = {
    SignOnProblem.DENIED: "The sign-in was cancelled. Try again, or choose another way.",
    SignOnProblem.STALE: "That sign-in was begun in another browser or another tab, or took longer "
    "than 10 minutes. Try again.",
    SignOnProblem.AWAY: "The provider of the single sign-on does not answer. Try again in a "
    "minute, or sign in with a password.",
    SignOnProblem.CROWDED: "Too many sign-ins wait for the provider. Try again in a few seconds.",
    SignOnProblem.NOT_BELIEVED: "The provider's answer is not valid for this desk. Try again; if "
    "it stays so, tell an administrator of the desk: its log says why.",
    SignOnProblem.UNVERIFIED: "The provider does not confirm that the e-mail address is yours, so "
    "the desk cannot tell who you are. Verify the address there, then try again.",
    SignOnProblem.OTHER_SUBJECT: "The account with your address belongs to another user of the "
    "provider. Ask an administrator of the desk.",
    SignOnProblem.REFUSED: "There is no account for you at this desk. Ask an administrator of the "
    "desk.",
}


class SingleSignOn(rx.State):
    """The button on /sign-in. `name` is empty without a provider, `address` begins the sign-in."""

    needs: ClassVar[Verb | None] = None

    name: str = ""
    address: str = ""

    @rx.event
    def load(self) -> None:
        """Reads the settings, and from the page's address where to go afterwards."""
        try:
            provider = get_settings().single_sign_on
        except ConfigurationError:
            provider = None  # the start has said so
        following = text_of(self.router.url.query_parameters.get("next"), ADDRESS_LONGEST)
        query = f"?{urlencode({'next': following})}" if following else ""
        self.name = provider.name if provider else ""
        self.address = f"{SINGLE_SIGN_ON}{query}" if provider else ""
