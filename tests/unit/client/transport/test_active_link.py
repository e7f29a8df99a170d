"""What is known of a connection that is open."""

import asyncio

import pytest

from client.protocol.effects import Disconnect
from client.transport.active_link import STEADY_AFTER, ActiveLink
from client.transport.addresses import Address
from client.transport.keepalive import PING_WHEN_IDLE
from client.transport.stream import LineTransport
from wire import messages as m


class Socket(asyncio.Transport):
    """Notes what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.reads = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Note what is written."""
        self.data += data

    def get_write_buffer_size(self) -> int:
        """Return 0: everything is read at once."""
        return 0

    def pause_reading(self) -> None:
        """Note that it is not read."""
        self.reads = False

    def resume_reading(self) -> None:
        """Note that it is read."""
        self.reads = True

    def abort(self) -> None:
        """Ignore the end."""


@pytest.fixture
def socket() -> Socket:
    """The socket below."""
    return Socket()


@pytest.fixture
async def active(socket: Socket) -> ActiveLink:
    """A connection that was opened at 0."""
    link = LineTransport(lambda lines: None)
    link.connection_made(socket)
    return ActiveLink(link, Address("127.0.0.1", 9999), 0.0)


async def test_it_reads_nothing_before_the_hello(active: ActiveLink, socket: Socket) -> None:
    assert not socket.reads
    active.begin(m.Hello(nick="ana"), 0.0)
    assert socket.reads and socket.data == b'{"type":"hello","nick":"ana"}\n'


async def test_a_pause_is_not_taken_for_silence(active: ActiveLink, socket: Socket) -> None:
    active.begin(m.Hello(nick="ana"), 0.0)
    active.welcomed(0.0)
    active.pause()
    assert active.paused and not socket.reads
    active.resume(100.0)
    assert socket.reads and not active.paused
    assert active.keepalive.next_at(owed=False) == 100.0 + PING_WHEN_IDLE


async def test_it_has_lasted_some_seconds_after_the_welcome(active: ActiveLink) -> None:
    assert not active.was_welcomed and not active.has_lasted(1000.0)
    active.welcomed(1000.0)
    assert active.was_welcomed and not active.has_lasted(1000.0 + STEADY_AFTER - 0.1)
    assert active.has_lasted(1000.0 + STEADY_AFTER)


async def test_leaving_notes_what_to_do_next(active: ActiveLink) -> None:
    active.leave(Disconnect(reconnect=True), "goodbye: draining")
    assert active.disconnect == Disconnect(reconnect=True)
    assert active.link.closed.result() == "goodbye: draining"
