"""An open connection to a node, and what the client knows of it."""

from collections.abc import Iterable

from client.protocol.effects import Disconnect
from client.transport.addresses import Address
from client.transport.first_answer import FirstAnswer
from client.transport.stream import LineTransport
from wire.codec import encode
from wire.messages import Hello, Request

STEADY_AFTER = 5.0
"""Seconds after which a connection counts as one that worked."""


class ActiveLink:
    """A line transport with its keepalive and the address of its node.

    ``disconnect`` is what to do after this connection, once that is known. A client has one active
    link, and a second one during a handover. ``has_others``: other addresses were not tried yet.
    """

    def __init__(
        self, link: LineTransport, address: Address, now: float, *, has_others: bool = False
    ) -> None:
        self.link = link
        self.address = address
        self.keepalive = FirstAnswer(now, has_others=has_others)
        self.disconnect: Disconnect | None = None
        self.paused = False
        self.has_answered = False
        self._welcomed_at: float | None = None

    def begin(self, hello: Hello, now: float) -> None:
        """Send the hello and start reading."""
        self.write([hello], now)
        self.link.resume()

    def write(self, requests: Iterable[Request], now: float) -> None:
        """Send requests."""
        data = b"".join(encode(request) for request in requests)
        if data:
            self.keepalive.asked(now)
            self.link.write(data)

    def heard(self, now: float) -> None:
        """Note that a line was received."""
        self.has_answered = True
        self.keepalive.heard(now)

    def pause(self) -> None:
        """Stop reading."""
        self.paused = True
        self.link.pause()

    def resume(self, now: float) -> None:
        """Continue reading; the pause does not count as silence of the node."""
        self.paused = False
        self.link.resume()
        self.keepalive.heard(now)

    def welcomed(self, now: float) -> None:
        """Note that the node has begun or resumed the session here."""
        self._welcomed_at = now
        self.keepalive.welcomed()

    @property
    def was_welcomed(self) -> bool:
        """Whether the session has been live on this connection."""
        return self._welcomed_at is not None

    @property
    def was_understood(self) -> bool:
        """Whether the node has said goodbye, or welcomed or refused us, and did not just close."""
        said = self.disconnect is not None and bool(
            self.disconnect.reason or self.disconnect.refusal
        )
        return said or self.was_welcomed

    def has_lasted(self, now: float) -> bool:
        """Whether the session has been live here long enough to count as a success."""
        return self._welcomed_at is not None and now - self._welcomed_at >= STEADY_AFTER

    def leave(self, disconnect: Disconnect, why: str) -> None:
        """End the connection and note what to do next; nothing more is read from it."""
        self.disconnect = disconnect
        self.link.end(why)

    def end(self, why: str) -> None:
        """End the connection at once."""
        self.link.end(why)
