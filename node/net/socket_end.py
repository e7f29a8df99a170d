"""The end of a connection, as the sockets see it."""

import asyncio
import select

LINGER = 2.0
"""Seconds for which bytes are still read and thrown away after the last line was written: closing
with unread bytes would reset the connection, and the client would lose that line."""

_CLOSED = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


def descriptor_of(transport: asyncio.BaseTransport) -> int:
    """Return the descriptor of a transport's socket, -1 if it has none."""
    socket = transport.get_extra_info("socket")
    return socket.fileno() if socket is not None else -1


def close_gently(transport: asyncio.Transport) -> None:
    """Close a connection once its bytes are written; what the client still sends is dropped."""
    if transport.can_write_eof():
        transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER, transport.abort)
    else:
        transport.close()


def is_closed_by_peer(transport: asyncio.Transport) -> bool:
    """Return whether the client has closed the connection already.

    A node that hung finds a hello of long ago, and must not take the session back from the node
    where it continued. The end stands behind the bytes: poll sees it before they are read.
    """
    poll = select.poll()
    poll.register(descriptor_of(transport), _CLOSED)
    return bool(poll.poll(0))
