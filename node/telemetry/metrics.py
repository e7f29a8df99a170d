"""The counters of a node. prometheus.py renders them.

Counting is adding to an attribute, because most of it happens for every message.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Protocol

from node.brokers.broker_counts import BrokerCounts
from node.brokers.health import Fault
from node.brokers.histogram import Histogram
from node.brokers.server_counts import ServerState
from node.core.config import Limit
from node.core.model import NodeSizes
from wire.errors import Code, Reason

FOLLOWED_FOR = 10.0
"""Seconds after which a message is not followed any more: it was answered long ago."""


_STATUSES = (
    *(HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.OK, HTTPStatus.NOT_MODIFIED),
    *(HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN),
    *(HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UPGRADE_REQUIRED),
    *(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
)
"""The statuses of responses of the web port."""


class WebCounts:
    """What a web port counts; ``open`` are its WebSocket connections, now."""

    __slots__ = ("open", "responses", "refusals")

    def __init__(self) -> None:
        self.open = 0
        self.responses = dict.fromkeys(_STATUSES, 0)
        self.refusals = dict.fromkeys(("request", "origin", "handshake", "limit"), 0)

    def changed(self, change: int) -> None:
        """Count a connection that is opened, or closed."""
        self.open += change

    def responded(self, status: HTTPStatus) -> None:
        """Count a response."""
        self.responses[status] += 1

    def refused(self, why: str) -> None:
        """Count a request that is refused."""
        self.refusals[why] += 1


class HasId(Protocol):
    """An entry of a log, as far as it is needed here."""

    @property
    def id(self) -> bytes: ...


class HasSizes(Protocol):
    """The hub, as far as its sizes are needed here."""

    def sizes(self) -> NodeSizes:
        """Return how much there is on this node."""


class HasBroker(Protocol):
    """The broker, as far as its state is needed here."""

    @property
    def counts(self) -> BrokerCounts:
        """What it counts of its upkeep."""

    def unready(self) -> str | None:
        """Return why it does not deliver; None if it does."""

    def states(self) -> Sequence[ServerState]:
        """Return what is known of the servers that keep data."""


class Counters:
    """Plain numbers that only grow. A new one also needs a row in prometheus.py."""

    __slots__ = (
        *("messages_in", "entries", "deliveries", "bytes_in", "bytes_out"),
        *("holes_healed", "rewinds_healed", "gaps", "slow_readers", "resumes"),
        *("silent_connections",),
        *("malformed", "broker_reconnects"),
    )

    def __init__(self) -> None:
        self.messages_in = 0
        self.entries = 0
        self.deliveries = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.holes_healed = 0
        self.rewinds_healed = 0
        self.gaps = 0
        self.slow_readers = 0
        self.resumes = 0
        self.silent_connections = 0
        self.malformed = 0
        self.broker_reconnects = 0

    def reconnected(self) -> None:
        """Count that a connection to the broker works again."""
        self.broker_reconnects += 1


class Metrics(Counters):
    """All metrics of one node; the parts of the node add to them.

    One message at a time is followed from its arrival to its delivery: ``awaited`` is the log that
    it is in, None while no message is followed. So a quiet node times every message and a busy one
    some hundreds a second, and each message or delivery costs no more than a comparison. Under load
    the followed message is often the first of a batch, which waits longest: the figures are no
    better than the truth. Both times are by the node's own clock. The ``at`` of an entry is the
    broker's time: the difference would measure the two clocks.
    """

    __slots__ = (
        *("refusals", "byes", "limited", "passwords", "redis_faults"),
        "web",
        *("round_trips", "delays", "lags"),
        *("awaited", "_awaited_id", "_arrived_at", "_clock", "_hub", "_broker"),
    )

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        # All values exist from the start, because a rate needs a zero to begin with.
        self.refusals = dict.fromkeys(Code, 0)
        self.byes = dict.fromkeys(Reason, 0)
        self.limited = dict.fromkeys(Limit, 0)
        self.passwords = dict.fromkeys(("right", "wrong"), 0)
        self.redis_faults = dict.fromkeys(Fault, 0)
        self.web = WebCounts()
        self.round_trips = Histogram()
        self.delays = Histogram()
        self.lags = Histogram()
        self.awaited: str | None = None
        self._awaited_id = b""
        self._arrived_at = 0.0
        self._clock = clock
        self._hub: HasSizes | None = None
        self._broker: HasBroker | None = None

    def watch(self, hub: HasSizes, broker: HasBroker | None = None) -> None:
        """Read sizes from ``hub``, and the state of the broker from ``broker``."""
        self._hub = hub
        self._broker = broker

    def published(self, seconds: float) -> None:
        """Count a round trip to the broker, of one batch of calls."""
        self.round_trips.observe(seconds)

    def refused(self, code: Code) -> None:
        """Count a request that was refused."""
        self.refusals[code] += 1

    def said_bye(self, reason: Reason) -> None:
        """Count a connection that the node ended."""
        self.byes[reason] += 1

    def hit(self, limit: Limit) -> None:
        """Count that a client reached a limit."""
        self.limited[limit] += 1

    def proved(self, right: bool) -> None:
        """Count a password that was checked."""
        self.passwords["right" if right else "wrong"] += 1

    def follow(self, log: str, id: bytes, arrived_at: float) -> None:
        """Time the message ``id`` until it is handed to the readers of ``log``."""
        self.awaited, self._awaited_id, self._arrived_at = log, id, arrived_at

    def handed_out(self, entries: Iterable[HasId]) -> None:
        """Entries of the awaited log were handed to its readers: stop if the message is in them."""
        for entry in entries:
            if entry.id == self._awaited_id:
                self.delays.observe(self._clock() - self._arrived_at)
                self.awaited = None
                return

    def ticked(self, late: float) -> None:
        """Count the tick that is due once a second, and how many seconds late it came."""
        self.lags.observe(late)
        if self.awaited is not None and self._clock() - self._arrived_at > FOLLOWED_FOR:
            # It was refused, or is a repeat, or its author has left: follow another one.
            self.awaited = None

    @property
    def clients(self) -> int:
        """Connections of clients, now."""
        return self._hub.sizes().clients if self._hub else 0

    @property
    def websockets(self) -> int:
        """Connections of clients over WebSocket, now."""
        return self.web.open

    @property
    def web_requests(self) -> dict[HTTPStatus, int]:
        """Responses of the web port."""
        return self.web.responses

    @property
    def web_refused(self) -> dict[str, int]:
        """Requests to the web port that were refused, by the reason."""
        return self.web.refusals

    @property
    def sessions(self) -> int:
        """Sessions whose connection is here, now."""
        return self._hub.sizes().sessions if self._hub else 0

    @property
    def rooms(self) -> int:
        """Rooms that this node follows, now."""
        return self._hub.sizes().rooms if self._hub else 0

    @property
    def orders(self) -> int:
        """Moderation rules that hold, now."""
        return self._hub.sizes().rules if self._hub else 0

    @property
    def broker_up(self) -> int:
        """1 while the broker delivers, else 0."""
        return int(self._broker is not None and self._broker.unready() is None)

    @property
    def upkeep(self) -> BrokerCounts:
        """What the broker counts of its upkeep."""
        return BrokerCounts() if self._broker is None else self._broker.counts

    @property
    def servers(self) -> Sequence[ServerState]:
        """The servers that keep the broker's data, now."""
        return () if self._broker is None else self._broker.states()
