"""Free ports for servers of tests, several of which run at a time."""

import random
import socket
from collections import deque

# not given again soon: a server may not listen yet
given: deque[int] = deque(maxlen=500)


def free_port() -> int:
    """
    Below the ephemeral ports, since a connection of another test may be given
    one of those before the server listens, and above those of t/lib/VOYO.pm.
    """

    while True:
        port = random.randrange(30000, 32768)
        if port in given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(('0.0.0.0', port))
            except OSError:
                continue
        given.append(port)
        return port
