"""What the socket of a connection says of its end."""

from node.net.socket_end import descriptor_of
from tests.integration.net.bench import FakeTransport


def test_the_descriptor_is_that_of_the_socket() -> None:
    transport = FakeTransport()
    with transport.socket, transport.client:
        assert descriptor_of(transport) == transport.socket.fileno()
