"""Free ports of the loopback interface."""

import socket


def free_port() -> int:
    """Returns a loopback port on which nothing listens at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
