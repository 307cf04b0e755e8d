"""Where the server listens."""

import socket

from myna.cli.server import listen_at


def test_nothing_is_held_back_until_the_other_end_has_acknowledged() -> None:
    """Nagle's algorithm is off on what is accepted: a short reply would take 40 ms longer."""
    with listen_at("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
