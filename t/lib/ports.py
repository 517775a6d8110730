"""Free ports for servers of tests, several of which run at a time."""

import random
import socket


def free_port() -> int:
    """
    Below the ephemeral ports, since a connection of another test may be given
    one of those before the server listens, and above those of t/lib/VOYO.pm.
    """

    while True:
        port = random.randrange(30000, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(('0.0.0.0', port))
            except OSError:
                continue
        return port
