"""Bytes go straight to the socket while it takes them, else through the transport."""

import asyncio
import socket
from collections.abc import Iterator
from typing import cast

import pytest

from node.net.socket_writer import SocketWriter, write_each
from tests.integration.net.bench import FakeTransport


class Client:
    """Has a socket that takes little, and a transport that keeps what is written to it."""

    def __init__(self, direct: bool = True) -> None:
        self.transport = FakeTransport()
        self.transport.socket.setblocking(False)
        self.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.transport.client.setblocking(False)
        self.writer = SocketWriter()
        self.writer.open(cast(asyncio.Transport, self.transport), direct)

    def read(self) -> bytes:
        """Return all bytes that are in the socket."""
        found = b""
        try:
            while data := self.transport.client.recv(1 << 16):
                found += data
        except BlockingIOError:
            pass
        return found

    def close(self) -> None:
        self.transport.socket.close()
        self.transport.client.close()


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


@pytest.fixture
def other() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


def test_bytes_go_straight_to_the_socket(client: Client) -> None:
    write_each([(client, b"a")])
    client.writer.put(b"b")
    assert client.read() == b"ab" and client.transport.writes == []
    assert client.writer.is_direct


def test_what_a_socket_does_not_take_is_left_to_the_transport(
    client: Client, other: Client
) -> None:
    huge = bytes(100_000)
    for _ in range(2):
        write_each([(client, huge), (other, b"small")])
    part, whole = map(len, client.transport.writes)
    assert 0 < part < len(huge) == whole
    assert not client.writer.is_direct
    assert other.transport.writes == [] and other.read() == b"smallsmall"


def test_a_socket_that_is_broken_is_left_to_the_transport(client: Client, other: Client) -> None:
    client.transport.client.close()
    write_each([(client, b"x"), (other, b"x")])
    client.writer.put(b"y")
    assert client.transport.writes == [b"x", b"y"] and other.read() == b"x"


def test_nothing_overtakes_what_the_transport_still_has(client: Client) -> None:
    write_each([(client, bytes(100_000))])
    client.transport.unread = 1
    client.transport.writes.clear()
    write_each([(client, b"a")])
    client.writer.put(b"b")
    assert client.transport.writes == [b"a", b"b"] and not client.writer.is_direct


def test_a_transport_that_has_caught_up_is_passed_by_again(client: Client) -> None:
    write_each([(client, bytes(100_000))])
    client.read()
    client.transport.writes.clear()
    write_each([(client, b"a")])
    assert client.writer.is_direct and client.read() == b"a"
    assert client.transport.writes == []


def test_with_tls_all_bytes_go_through_the_transport() -> None:
    client = Client(direct=False)
    write_each([(client, b"a")])
    client.writer.put(b"b")
    assert client.transport.writes == [b"a", b"b"] and not client.writer.is_direct
    assert client.read() == b""
    client.close()


def test_bytes_are_dropped_before_the_connection_is_open_and_after_it_is_closed(
    client: Client,
) -> None:
    SocketWriter().put(b"early")
    client.writer.close()
    client.writer.put(b"late")
    write_each([(client, b"late")])
    assert client.transport.writes == [] and client.read() == b""
