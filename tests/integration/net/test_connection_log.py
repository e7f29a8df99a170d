"""The log of a connection: two lines that belong together, why it ended, nothing that was said."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from node.net.connection_log import LINES_MOST
from node.telemetry import logs
from tests.integration.net.bench import Bench, served
from wire import messages as m


class Recorder(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """What is logged, from debug up."""
    found = Recorder()
    logger = logging.getLogger("node")
    logger.addHandler(found)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield found.lines
    logger.setLevel(before)
    logger.removeHandler(found)


def facts(line: logging.LogRecord) -> dict[str, object]:
    """The facts of a line, less the peer."""
    named = ("node", "connection", "reason", "code")
    return {name: vars(line)[name] for name in named if name in vars(line)}


def closed(bench: Bench, lines: list[logging.LogRecord], exc: Exception | None = None) -> object:
    """Return what the last line says after a connection was lost; both lines name it."""
    bench.says(m.Ping())
    bench.connection.connection_lost(exc)
    bench.end()
    first, last = lines[0], lines[-1]
    assert (first.msg, last.msg) == ("connection opened", "connection closed")
    assert facts(first) == {"node": "node-1", "connection": 1}
    said = facts(last)
    assert (said.pop("node"), said.pop("connection")) == ("node-1", 1)
    return said


@pytest.mark.parametrize(
    "header", [None, b"", b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"]
)
@pytest.mark.parametrize("reset", [None, ConnectionResetError(104, "Connection reset by peer")])
async def test_a_health_check_is_counted_and_not_logged(
    lines: list[logging.LogRecord], header: bytes | None, reset: Exception | None
) -> None:
    bench = Bench(proxy=header is not None)
    if header:
        bench.connection.data_received(header)
    bench.connection.connection_lost(reset)
    bench.end()
    assert bench.metrics.silent_connections == 1
    assert [line.msg for line in lines] == ["connection closed without a word"]
    assert lines[0].levelno == logging.DEBUG


async def test_a_client_that_says_something_is_not_counted_as_silent(
    lines: list[logging.LogRecord],
) -> None:
    bench = Bench()
    bench.connection.data_received(b"{")
    bench.connection.connection_lost(None)
    bench.end()
    assert bench.metrics.silent_connections == 0
    assert [line.msg for line in lines] == ["connection opened", "connection closed"]


async def test_who_tries_many_nicks_leaves_a_bounded_number_of_lines(
    lines: list[logging.LogRecord],
) -> None:
    bench = Bench()
    for _ in range(LINES_MOST * 2):
        bench.says(m.Hello(nick="no spaces please"))
    bench.connection.connection_lost(None)
    bench.end()
    assert [line.msg for line in lines].count("refused") == LINES_MOST


async def test_a_client_that_goes_is_not_our_doing(lines: list[logging.LogRecord]) -> None:
    assert closed(Bench(), lines) == {"reason": "by the client"}


async def test_a_connection_that_breaks_says_how(lines: list[logging.LogRecord]) -> None:
    reset = ConnectionResetError(104, "Connection reset by peer")
    assert closed(Bench(), lines, reset) == {"reason": "[Errno 104] Connection reset by peer"}


async def test_a_fault_of_ours_is_named_but_not_quoted(lines: list[logging.LogRecord]) -> None:
    assert closed(Bench(), lines, ValueError("what somebody said")) == {"reason": "ValueError"}


async def test_a_refusal_that_ends_the_connection_is_logged_with_its_code(
    lines: list[logging.LogRecord],
) -> None:
    bench = Bench()
    bench.connection.data_received(b"x" * 20_000 + b"\n")
    assert closed(bench, lines) == {"reason": "protocol", "code": "line-too-long"}
    assert not any("xxx" in str(vars(line)) for line in lines)


async def test_broken_proxy_headers_are_told_of_once_and_not_one_by_one(
    lines: list[logging.LogRecord],
) -> None:
    bench = Bench(proxy=True)
    bench.connection.data_received(b"PROXY nonsense\r\n")
    bench.connection.connection_lost(None)
    bench.end()
    assert [line.msg for line in lines if line.levelno > logging.DEBUG] == ["refusing connections"]
    assert bench.metrics.silent_connections == 0


async def test_a_refusal_that_does_not_end_it_is_not_logged(lines: list[logging.LogRecord]) -> None:
    bench = Bench()
    bench.connection.data_received(b'{"type":"dance"}\n')
    bench.says(m.Quit())
    assert closed(bench, lines) == {"reason": "quit"}


async def test_an_uncaught_exception_is_logged_with_the_connection(
    lines: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench()
    bench.end()

    def fail(*_: object) -> None:
        raise RuntimeError("out of order")

    asyncio.get_running_loop().set_exception_handler(logs.on_fault)
    async with served(bench) as (reader, writer):
        monkeypatch.setattr("node.core.session.connection.ClientConnection.handle", fail)
        writer.write(b'{"type":"ping"}\n')
        assert await reader.read() == b""
    [fault] = [line for line in lines if line.levelno == logging.ERROR]
    assert fault.exc_info is not None and facts(fault)["node"] == "node-1"
    ends = [line for line in lines if line.msg == "connection closed"]
    assert facts(ends[-1]) == facts(fault) | {"reason": "RuntimeError"}
