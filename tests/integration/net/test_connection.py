"""A connection cuts lines, holds back when the client or the broker is slow, and ends in peace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from node.core.model import Stored
from node.net import socket_end
from node.net.connection import BACKLOG_HIGH, WRITE_HIGH
from tests.integration.net.bench import Bench, served
from tests.unit.node.core.fakes import at, claimed, entry, frame
from wire import codec, limits
from wire import messages as m


@asynccontextmanager
async def bench_of(proxy: bool = False, eof: bool = True) -> AsyncIterator[Bench]:
    """Make a bench, and close its sockets."""
    bench = Bench(proxy, eof)
    try:
        yield bench
    finally:
        bench.end()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A connection over a fake transport."""
    async with bench_of() as bench:
        yield bench


async def welcome(bench: Bench) -> None:
    """Let the client be welcomed, in a room that is followed."""
    bench.says(m.Hello(nick="ana"))
    bench.broker.answer("claim", claimed("ana", ["general"]))
    bench.hub.services.rooms.by_log["r:general"].begin(at(1))
    await bench.hears()
    bench.transport.writes.clear()


async def test_requests_are_taken_however_the_bytes_are_cut(bench: Bench) -> None:
    data = b"".join(codec.encode(m.Ping(ref=f"é{number}")) for number in range(4))
    data = data.replace(b"\n", b"\r\n", 1)
    expected = [m.PongEvent(ref=f"é{number}") for number in range(4)]
    for size in (1, 2, 3, 7, len(data)):
        for start in range(0, len(data), size):
            bench.connection.data_received(data[start : start + size])
        assert await bench.hears() == expected
    assert bench.metrics.bytes_in == 5 * len(data)


async def test_answers_of_a_turn_are_one_write(bench: Bench) -> None:
    bench.says(*[m.Ping(ref=str(number)) for number in range(10)])
    assert bench.transport.writes == []
    await asyncio.sleep(0)
    assert len(bench.transport.writes) == 1
    assert bench.metrics.bytes_out == len(bench.transport.writes[0])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "bad-request"),
        (b"[1]", "bad-request"),
        (b"", "bad-request"),
        (b'{"type":"ping","ref":"\xff"}', "bad-request"),
        (b"[" * 10_000, "bad-request"),
        (b"x" * (limits.LINE + 1), "line-too-long"),
    ],
    ids=["cut", "array", "empty", "not utf-8", "nested", "long"],
)
async def test_a_line_outside_the_protocol_ends_the_connection(
    bench: Bench, line: bytes, code: str
) -> None:
    bench.connection.data_received(codec.encode(m.Ping()) + line + b"\n" + codec.encode(m.Ping()))
    pong, error, bye = await bench.hears()
    assert isinstance(pong, m.PongEvent) and isinstance(bye, m.Bye) and bye.reason == "protocol"
    assert isinstance(error, m.Error) and error.code == code
    assert bench.transport.eof_written and not bench.hub.registry.connections
    bench.says(m.Ping())
    assert await bench.hears() == []


async def test_a_line_of_the_longest_kind_is_taken(bench: Bench) -> None:
    ping = b'{"type":"ping","ref":"1"}'
    bench.connection.data_received(ping + b" " * (limits.LINE - len(ping)) + b"\r\n")
    assert await bench.hears() == [m.PongEvent(ref="1")]


async def test_a_line_that_never_ends_is_refused_before_its_end(bench: Bench) -> None:
    bench.connection.data_received(b"x" * (limits.LINE + 2))
    error, bye = await bench.hears()
    assert isinstance(error, m.Error) and error.code == "line-too-long"


async def test_bytes_without_an_end_of_a_line_are_no_sign_of_life(bench: Bench) -> None:
    session = next(iter(bench.hub.registry.connections))
    bench.hub.services.now = session.keepalive.heard_at + 10
    bench.connection.data_received(b"{")
    assert session.keepalive.heard_at == bench.hub.services.now - 10
    bench.connection.data_received(b'"type":"pong"}\n')
    assert session.keepalive.heard_at == bench.hub.services.now


async def test_a_hello_of_a_client_that_has_gone_is_not_taken(bench: Bench) -> None:
    bench.transport.client.close()
    bench.says(m.Hello(nick="ana"))
    assert bench.broker.calls == []


async def test_a_client_that_reads_slowly_gets_nothing_and_is_not_read_from(bench: Bench) -> None:
    await welcome(bench)
    assert bench.transport.high == WRITE_HIGH
    bench.connection.pause_writing()
    assert not bench.transport.reading and bench.connection.paused
    bench.hub.events.frame(frame([entry(2), entry(3)], log="r:general"))
    assert await bench.hears() == []
    bench.transport.unread = 1000
    assert bench.connection.unread == 1000
    bench.connection.resume_writing()
    assert bench.transport.reading
    texts = [event.text for event in await bench.hears() if isinstance(event, m.Message)]
    assert texts == ["x2", "x3"]


async def test_a_reader_that_is_behind_is_fed_page_after_page(bench: Bench) -> None:
    await welcome(bench)
    bench.connection.pause_writing()
    for offset in range(2, 502):
        bench.hub.events.frame(frame([entry(offset)], log="r:general"))
    bench.connection.resume_writing()
    pages = []
    while page := await bench.hears():
        pages.append(len(page))
    assert pages == [100] * 5
    bench.hub.events.frame(frame([entry(502)], log="r:general"))
    assert len(await bench.hears()) == 1


async def test_too_many_requests_under_way_stop_the_reading_until_few_are_left(
    bench: Bench,
) -> None:
    await welcome(bench)
    many = BACKLOG_HIGH + 1
    bench.says(*[m.Send(room="general", text="x") for _ in range(many)])
    assert not bench.transport.reading
    bench.connection.pause_writing()
    for _ in range(many - 10):
        bench.broker.answer("publish", Stored("r:general", "k1-2-a", 17, ""))
    assert not bench.transport.reading, "the client does not read either"
    bench.connection.resume_writing()
    assert bench.transport.reading


async def test_a_client_that_reads_again_is_not_read_from_while_too_much_is_pending(
    bench: Bench,
) -> None:
    await welcome(bench)
    bench.connection.pause_writing()
    bench.transport.resume_reading()
    bench.says(*[m.Send(room="general", text="x") for _ in range(BACKLOG_HIGH + 1)])
    bench.transport.pause_reading()
    bench.connection.resume_writing()
    assert not bench.transport.reading
    for _ in range(BACKLOG_HIGH):
        bench.broker.answer("publish", Stored("r:general", "k1-2-a", 17, ""))
    assert bench.transport.reading


async def test_a_connection_that_is_lost_lets_go_of_its_session(bench: Bench) -> None:
    await welcome(bench)
    bench.says(m.Ping())
    bench.connection.connection_lost(ConnectionResetError())
    assert "part" in bench.broker.names() and not bench.hub.registry.holders
    bench.transport.writes.clear()
    assert await bench.hears() == []
    bench.connection.write(b"late")
    bench.connection.close()
    assert await bench.hears() == []


async def test_without_a_half_close_the_transport_closes_by_itself() -> None:
    async with bench_of(eof=False) as bench:
        bench.says(m.Quit())
        assert bench.transport.closed and b"quit" in b"".join(bench.transport.writes)


async def test_a_proxy_header_names_the_client_and_is_not_part_of_its_requests() -> None:
    header = b"PROXY TCP4 198.51.100.9 192.0.2.1 56324 9999\r\n"
    data = header + codec.encode(m.Ping(ref="1"))
    for size in (1, 5, len(header), len(data)):
        async with bench_of(proxy=True) as bench:
            for start in range(0, len(data), size):
                bench.connection.data_received(data[start : start + size])
            assert bench.connection.facts()["peer"] == "198.51.100.9:56324"
            assert await bench.hears() == [m.PongEvent(ref="1")]


async def test_a_broken_proxys_header_ends_the_connection() -> None:
    async with bench_of(proxy=True) as bench:
        bench.connection.data_received(b"PROXY what\r\n" + codec.encode(m.Ping()))
        assert bench.transport.aborted and await bench.hears() == []


async def test_the_last_words_reach_a_client_that_is_still_talking(bench: Bench) -> None:
    """Closing with unread bytes would reset the connection, and take them along."""
    async with served(bench) as (reader, writer):
        writer.write(b"[]\n" + b"x" * 300_000)
        lines = (await asyncio.wait_for(reader.read(), 5)).splitlines()
        assert [type(codec.decode_event(line)) for line in lines] == [m.Error, m.Bye]
        writer.write(b"y" * 300_000)
        await asyncio.wait_for(writer.drain(), 5)


async def test_a_client_that_does_not_close_is_closed_after_a_while(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_end, "LINGER", 0.02)
    async with served(bench) as (reader, writer):
        writer.write(codec.encode(m.Quit()))
        assert b"bye" in await asyncio.wait_for(reader.read(), 5)
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionError):
                while True:
                    writer.write(b"still here\n")
                    await writer.drain()
                    await asyncio.sleep(0)


async def test_a_slow_client_over_a_real_socket_pauses_and_gets_all(bench: Bench) -> None:
    async with served(bench) as (reader, writer):
        writer.write(codec.encode(m.Hello(nick="ana")))
        async with asyncio.timeout(5):
            while not bench.broker.calls:
                await asyncio.sleep(0)
        bench.broker.answer("claim", claimed("ana", ["general"]))
        bench.hub.services.rooms.by_log["r:general"].begin(at(1))
        last = 1
        while bench.metrics.slow_readers == 0:
            last += 1
            bench.hub.events.frame(frame([entry(last, text="z" * 4000)], log="r:general"))
            await asyncio.sleep(0)
        for _ in range(100):
            last += 1
            bench.hub.events.frame(frame([entry(last)], log="r:general"))
        offsets: list[int] = []
        async with asyncio.timeout(10):
            while not offsets or offsets[-1] != last:
                event = codec.decode_event((await reader.readline()).rstrip())
                if isinstance(event, m.Message):
                    offsets.append(int(event.position.split("-")[1]))
        assert offsets == list(range(2, last + 1))
