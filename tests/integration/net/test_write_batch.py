"""Bytes of a turn go out in one write for each client: to its socket, or through the transport."""

import asyncio
import socket
from collections.abc import Collection, Iterator
from typing import cast

import pytest

from node.core.interfaces import Transport
from node.net.write_batch import SocketWriter, WriteBatch, write_each
from node.telemetry.metrics import Metrics
from tests.integration.net.bench import FakeTransport


class Client:
    """Notes each write, and has more to be fed with."""

    def __init__(self, batch: WriteBatch | None = None) -> None:
        self.written: list[bytes] = []
        self.writer = SocketWriter()
        self.writer.put = self.written.append
        self.more: list[bytes] = []
        self.told = 0
        self._batch = batch

    def fed(self) -> None:
        self.told += 1
        if self.more and self._batch is not None:
            self._batch.feed(self, self.more.pop(0))


def batch_of(metrics: Metrics | None = None) -> WriteBatch:
    """Return a batch that is written at the end of the running loop's turn."""
    return WriteBatch(metrics or Metrics(), asyncio.get_running_loop().call_soon)


def transports(clients: Collection[Client]) -> Collection[Transport]:
    """Return clients as what the core knows them by."""
    return cast(Collection[Transport], clients)


async def turn() -> None:
    """Let a turn of the loop pass."""
    await asyncio.sleep(0)


async def test_everything_for_a_client_goes_out_in_one_write_at_the_end_of_the_turn() -> None:
    batch = batch_of()
    one, two, idle = Client(), Client(), Client()
    batch.add(one, b"a")
    batch.fan_out(transports([one, two]), b"b")
    batch.add(two, b"c")
    batch.fan_out(transports([two]), b"d")
    assert one.written == two.written == []
    await turn()
    assert (one.written, two.written, idle.written) == ([b"ab"], [b"bcd"], [])


async def test_each_turn_has_its_own_write() -> None:
    batch = batch_of()
    client = Client()
    for number in range(3):
        batch.add(client, b"%d" % number)
        await turn()
    await turn()
    assert client.written == [b"0", b"1", b"2"]


async def test_what_is_queued_while_a_batch_is_written_goes_out_in_the_next_turn() -> None:
    batch = batch_of()
    client, other = Client(batch), Client()
    client.more = [b"b", b"c"]
    batch.feed(client, b"a")
    batch.add(other, b"x")
    for expected in ([b"a"], [b"a", b"b"], [b"a", b"b", b"c"]):
        await turn()
        assert client.written == expected and other.written == [b"x"]
    assert (client.told, other.told) == (3, 0)


async def test_the_same_bytes_are_shared_and_not_copied() -> None:
    batch = batch_of()
    clients = [Client() for _ in range(3)]
    data = b"x" * 1000
    batch.fan_out(transports(clients), data)
    await turn()
    assert all(client.written[0] is data for client in clients)


async def test_a_fan_out_to_no_client_does_nothing() -> None:
    batch = batch_of()
    batch.fan_out([], b"x")
    client = Client()
    batch.fan_out(transports([client]), b"x")
    await turn()
    assert client.written == [b"x"]


async def test_bytes_that_are_taken_are_not_written_again() -> None:
    batch = batch_of()
    client, other = Client(), Client()
    assert batch.take(client) == b""
    batch.fan_out(transports([client, other]), b"a")
    batch.add(client, b"b")
    assert batch.take(client) == b"ab"
    batch.add(client, b"c")
    await turn()
    await turn()
    assert (client.written, other.written) == ([b"c"], [b"a"])


async def test_the_only_client_of_a_turn_may_be_taken_and_queued_again() -> None:
    batch = batch_of()
    client = Client()
    batch.add(client, b"a")
    batch.take(client)
    batch.add(client, b"b")
    await turn()
    await turn()
    assert client.written == [b"b"]


async def test_a_client_that_is_fed_twice_in_a_turn_is_told_once() -> None:
    batch = batch_of()
    client = Client(batch)
    batch.feed(client, b"a")
    batch.feed(client, b"b")
    await turn()
    assert (client.written, client.told) == ([b"ab"], 1)


async def test_bytes_are_counted_for_each_client() -> None:
    metrics = Metrics()
    batch = batch_of(metrics)
    batch.fan_out(transports([Client(), Client()]), b"abc")
    batch.add(Client(), b"de")
    assert metrics.bytes_out == 8


# Straight to the socket while it takes all bytes, else through the transport


class SocketClient:
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
def client() -> Iterator[SocketClient]:
    made = SocketClient()
    yield made
    made.close()


@pytest.fixture
def other() -> Iterator[SocketClient]:
    made = SocketClient()
    yield made
    made.close()


def test_bytes_go_straight_to_the_socket(client: SocketClient) -> None:
    write_each([(client, b"a")])
    client.writer.put(b"b")
    assert client.read() == b"ab" and client.transport.writes == []
    assert client.writer.is_direct


def test_what_a_socket_does_not_take_is_left_to_the_transport(
    client: SocketClient, other: SocketClient
) -> None:
    huge = bytes(100_000)
    for _ in range(2):
        write_each([(client, huge), (other, b"small")])
    part, whole = map(len, client.transport.writes)
    assert 0 < part < len(huge) == whole
    assert not client.writer.is_direct
    assert other.transport.writes == [] and other.read() == b"smallsmall"


def test_a_socket_that_is_broken_is_left_to_the_transport(
    client: SocketClient, other: SocketClient
) -> None:
    client.transport.client.close()
    write_each([(client, b"x"), (other, b"x")])
    client.writer.put(b"y")
    assert client.transport.writes == [b"x", b"y"] and other.read() == b"x"


def test_nothing_overtakes_what_the_transport_still_has(client: SocketClient) -> None:
    write_each([(client, bytes(100_000))])
    client.transport.unread = 1
    client.transport.writes.clear()
    write_each([(client, b"a")])
    client.writer.put(b"b")
    assert client.transport.writes == [b"a", b"b"] and not client.writer.is_direct


def test_a_transport_that_has_caught_up_is_passed_by_again(client: SocketClient) -> None:
    write_each([(client, bytes(100_000))])
    client.read()
    client.transport.writes.clear()
    write_each([(client, b"a")])
    assert client.writer.is_direct and client.read() == b"a"
    assert client.transport.writes == []


def test_with_tls_all_bytes_go_through_the_transport() -> None:
    client = SocketClient(direct=False)
    write_each([(client, b"a")])
    client.writer.put(b"b")
    assert client.transport.writes == [b"a", b"b"] and not client.writer.is_direct
    assert client.read() == b""
    client.close()


def test_bytes_are_dropped_before_the_connection_is_open_and_after_it_is_closed(
    client: SocketClient,
) -> None:
    SocketWriter().put(b"early")
    client.writer.close()
    client.writer.put(b"late")
    write_each([(client, b"late")])
    assert client.transport.writes == [] and client.read() == b""
