"""Headers added to what another application answers."""

from collections.abc import Sequence

from starlette.types import Message, Send

Headers = Sequence[tuple[bytes, bytes]]


def adding(extra: Headers, send: Send) -> Send:
    """A `send` that adds headers to a response, except those that the response has already."""

    async def send_with_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            present = {key.lower() for key, _ in headers}
            headers += [(key, value) for key, value in extra if key not in present]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_more
