"""Bytes of a turn go out in one write for each client."""

import asyncio
from collections.abc import Collection
from typing import cast

from node.core.interfaces import Transport
from node.net.socket_writer import SocketWriter
from node.net.write_batch import WriteBatch
from node.telemetry.metrics import Metrics


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
