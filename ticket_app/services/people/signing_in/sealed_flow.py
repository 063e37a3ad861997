"""What a browser keeps while it is at the provider: signed, so that nobody else can have made it.

It holds the state, the nonce and the verifier of one sign-in, and the page to go to afterwards. Any
process of the desk reads what another one has sealed.
"""

from collections.abc import Mapping

from itsdangerous import BadSignature, URLSafeTimedSerializer

from ticket_app.actor import Actor
from ticket_app.services.people.desk_secret import derived_key

FLOW_SECONDS = 600
"""Seconds for a sign-in at the provider."""
PURPOSE = b"single sign-on"
FIELDS = frozenset({"state", "nonce", "code_verifier", "next"})


def seal(actor: Actor, flow: Mapping[str, str]) -> str:
    """Returns the values of FIELDS, signed, as a text for a cookie."""
    return str(_serializer().dumps({name: flow[name] for name in FIELDS}))


def unseal(actor: Actor, text: str) -> dict[str, str] | None:
    """Returns what was sealed; None if it was not sealed here, or more than FLOW_SECONDS ago."""
    try:
        flow = _serializer().loads(text, max_age=FLOW_SECONDS)
    except BadSignature:
        return None
    is_flow = isinstance(flow, dict) and flow.keys() == FIELDS
    return {name: str(value) for name, value in flow.items()} if is_flow else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(derived_key(PURPOSE))
