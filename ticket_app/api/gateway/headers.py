"""Headers added to the responses of another application."""

from collections.abc import Sequence

from starlette.types import Message, Send

Headers = Sequence[tuple[bytes, bytes]]


def with_headers(extra: Headers, send: Send) -> Send:
    """Return a `send` that adds headers to a response, except those that it already has."""

    async def send_with_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            present = {key.lower() for key, _ in headers}
            headers += [(key, value) for key, value in extra if key not in present]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_more
