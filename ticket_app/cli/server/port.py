"""A check that the port is free, made before a build takes a minute."""

import errno
import socket

from ticket_app.errors import ConfigurationError


def require_free_port(host: str, port: int) -> None:
    """Raise ConfigurationError, in one sentence, if the server could not listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
            probe.listen(1)
        except OSError as error:
            raise ConfigurationError(_sentence(host, port, error)) from None


def port_is_taken(port: int) -> str:
    """Return the sentence for a port that is taken."""
    return (
        f"Port {port} is taken by another program: stop that one, or choose another port; "
        f"for example: PORT={port + 1 if port < 65535 else 8000}"
    )


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return port_is_taken(port)
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights; choose one above 1023, for example: PORT=8000"
    return f"HOST is wrong (this machine has no address {host}); for example: HOST=127.0.0.1"
