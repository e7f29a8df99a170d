"""Bytes of a turn go out in one write for each client."""

import asyncio
import socket
from collections.abc import Collection
from typing import cast

from node.core.interfaces import Transport
from node.net.write_batch import WriteBatch
from node.telemetry.metrics import Metrics


class Writer:
    """Notes each write, and has more to be fed with."""

    def __init__(self, flush: WriteBatch | None = None) -> None:
        self.written: list[bytes] = []
        self.left: list[bytes] = []
        self.put, self.rest = self.written.append, self.left.append
        self.file = -1
        self.more: list[bytes] = []
        self.told = 0
        self._flush = flush

    def fed(self) -> None:
        self.told += 1
        if self.more and self._flush is not None:
            self._flush.feed(self, self.more.pop(0))


def outlets(writers: Collection[Writer]) -> Collection[Transport]:
    """Return writers as what the core knows them by."""
    return cast(Collection[Transport], writers)


async def turn() -> None:
    """Let a turn of the loop pass."""
    await asyncio.sleep(0)


async def test_everything_for_a_client_goes_out_in_one_write_at_the_end_of_the_turn() -> None:
    flush = WriteBatch(Metrics())
    one, two, idle = Writer(), Writer(), Writer()
    flush.add(one, b"a")
    flush.fan_out(outlets([one, two]), b"b")
    flush.add(two, b"c")
    flush.fan_out(outlets([two]), b"d")
    assert one.written == two.written == []
    await turn()
    assert (one.written, two.written, idle.written) == ([b"ab"], [b"bcd"], [])


async def test_each_turn_has_its_own_write() -> None:
    flush = WriteBatch(Metrics())
    writer = Writer()
    for number in range(3):
        flush.add(writer, b"%d" % number)
        await turn()
    await turn()
    assert writer.written == [b"0", b"1", b"2"]


async def test_what_is_queued_by_a_flush_goes_out_in_the_next_turn() -> None:
    flush = WriteBatch(Metrics())
    writer, other = Writer(flush), Writer()
    writer.more = [b"b", b"c"]
    flush.feed(writer, b"a")
    flush.add(other, b"x")
    for expected in ([b"a"], [b"a", b"b"], [b"a", b"b", b"c"]):
        await turn()
        assert writer.written == expected and other.written == [b"x"]
    assert (writer.told, other.told) == (3, 0)


async def test_the_same_bytes_are_shared_and_not_copied() -> None:
    flush = WriteBatch(Metrics())
    writers = [Writer() for _ in range(3)]
    data = b"x" * 1000
    flush.fan_out(outlets(writers), data)
    await turn()
    assert all(writer.written[0] is data for writer in writers)


async def test_nobody_to_write_to_is_no_work() -> None:
    flush = WriteBatch(Metrics())
    flush.fan_out([], b"x")
    writer = Writer()
    flush.fan_out(outlets([writer]), b"x")
    await turn()
    assert writer.written == [b"x"]


async def test_what_is_taken_is_not_written_in_the_end() -> None:
    flush = WriteBatch(Metrics())
    writer, other = Writer(), Writer()
    assert flush.take(writer) == b""
    flush.fan_out(outlets([writer, other]), b"a")
    flush.add(writer, b"b")
    assert flush.take(writer) == b"ab"
    flush.add(writer, b"c")
    await turn()
    await turn()
    assert (writer.written, other.written) == ([b"c"], [b"a"])


async def test_who_is_alone_in_a_turn_may_be_taken_and_come_again() -> None:
    flush = WriteBatch(Metrics())
    writer = Writer()
    flush.add(writer, b"a")
    flush.take(writer)
    flush.add(writer, b"b")
    await turn()
    await turn()
    assert writer.written == [b"b"]


async def test_who_is_fed_from_several_places_in_a_turn_is_told_once() -> None:
    flush = WriteBatch(Metrics())
    writer = Writer(flush)
    flush.feed(writer, b"a")
    flush.feed(writer, b"b")
    await turn()
    assert (writer.written, writer.told) == ([b"ab"], 1)


async def test_bytes_are_counted_for_each_client() -> None:
    metrics = Metrics()
    flush = WriteBatch(metrics)
    flush.fan_out(outlets([Writer(), Writer()]), b"abc")
    flush.add(Writer(), b"de")
    assert metrics.bytes_out == 8


class Socket(Writer):
    """Has a socket that may be written to at once, and takes little."""

    def __init__(self) -> None:
        super().__init__()
        mine, self.client = socket.socketpair()
        mine.setblocking(False)
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.mine, self.file = mine, mine.fileno()

    def close(self) -> None:
        self.mine.close()
        self.client.close()


async def test_bytes_go_to_the_socket_itself_where_they_may() -> None:
    flush, writer = WriteBatch(Metrics()), Socket()
    flush.add(writer, b"a")
    flush.add(writer, b"b")
    await turn()
    assert writer.client.recv(9) == b"ab" and writer.written == writer.left == []
    writer.close()


async def test_what_a_socket_does_not_take_is_left_to_the_transport() -> None:
    flush, full, other = WriteBatch(Metrics()), Socket(), Socket()
    huge = bytes(100_000)
    for _ in range(2):
        flush.fan_out(outlets([full]), huge)
        flush.fan_out(outlets([other]), b"small")
        await turn()
    part, whole = map(len, full.left)
    assert 0 < part < len(huge) == whole
    assert full.written == [] and other.left == [] and other.client.recv(99) == b"smallsmall"
    full.close()
    other.close()


async def test_a_socket_that_is_broken_is_left_to_the_transport_too() -> None:
    flush, broken, other = WriteBatch(Metrics()), Socket(), Socket()
    broken.client.close()
    flush.fan_out(outlets([broken, other]), b"x")
    await turn()
    assert broken.left == [b"x"] and other.client.recv(9) == b"x"
    broken.close()
    other.close()
