"""Reading the server's connections does not change them."""

import os
import socket

from ticket_app.api.limits.connections import connections


def test_a_connection_that_was_looked_at_still_makes_nobody_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        with socket.create_connection(address) as client, listening.accept()[0] as served:
            served.setblocking(False)
            peer = client.getsockname()
            found = connections(address[1], peer.__eq__)
            assert set(found) == {peer}
            assert not os.get_blocking(served.fileno())
            found[peer].close()
            client.sendall(b"x")
            assert not os.get_blocking(served.fileno())
