"""Ports for servers that are started again where they were."""

import contextlib
import random
import socket

_RANGE = range(20000, 32000)
"""Below the ports that systems give to outgoing connections: there, somebody who tries to reach a
server that is down could get its port, or even connect to itself, and it could not come back."""


def free_port() -> int:
    """Return a port on which nobody listens, and that this function gives to nobody else.

    It stays bound while this process lives: otherwise a server of another scenario could get the
    port while its own server is down, and would be talked to by clients that mean another one. A
    server that sets SO_REUSEADDR, as all of ours do, can listen there nevertheless.
    """
    while True:
        port = random.choice(_RANGE)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            # Only now: with this option it could be bound though another process has reserved it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.detach()
            return port
