"""The door of a node: lets connections in or turns them away, and does not flood the log."""

import logging
import resource
from collections.abc import Sequence

from node.core.config import Limit
from node.core.hub import Hub
from node.core.limits.admission import AddressUsage, Admission, Bounds, Network, Refusal, within

log = logging.getLogger(__name__)

SPARE_FILES = 64
"""Descriptors that no client gets: for Redis, health, files, and for saying no."""
LINGER_MOST = 32
"""Connections that were turned away and may wait to be closed in peace; more are closed at once."""
SAY_EVERY = 60.0
"""Seconds between two lines in the log about the same limit."""
FORGET_EVERY = 10.0
"""Seconds after which the book of addresses is gone through."""

_FILES = Refusal(Limit.FILES, "This node is full; try another one, or later.", 5.0)
_MEMORY = Refusal(Limit.MEMORY, "This node is full; try another one, or later.", 5.0)


class ConnectionLimits:
    """Knows who may come in. ``proxy``: a connection may begin with a PROXY header; ``proxies``
    are the networks it is taken from, all if it is None."""

    def __init__(
        self,
        hub: Hub,
        bounds: Bounds = Bounds(),
        proxy: bool = False,
        proxies: Sequence[Network] | None = None,
    ) -> None:
        self.hub = hub
        self.proxy = proxy
        self.overflowing = False
        self.lingering = 0
        self.handshakes = 0
        self._proxies = proxies
        self._admission = Admission(bounds)
        self._said: dict[Limit, float] = {}
        self._unsaid: dict[Limit, int] = {}
        self._forgotten = hub.now

    # Who comes in

    def crowded(self, file: int, new: int = 0) -> Refusal | None:
        """Say whether there is no room for one more, whose socket is this descriptor; ``new`` is 1
        if the hub does not know it yet.

        The lowest free number is given out: a high one shows that nearly all are taken.
        """
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        # Where there are few, half of them are kept back at most.
        if most != resource.RLIM_INFINITY and file >= max(most - SPARE_FILES, most // 2):
            return _FILES
        if self.overflowing:
            return _MEMORY
        others = len(self.hub.connections) + self.handshakes + new - 1
        return self._admission.crowded(others)

    def enter(self, address: str) -> AddressUsage | Refusal | None:
        """Let a connection from an address in, or not."""
        return self._admission.enter(address, self.hub.clock())

    def leave(self, caller: AddressUsage) -> None:
        """A connection that was let in is over."""
        self._admission.leave(caller)

    def believes(self, peer: str) -> bool:
        """Say whether a PROXY header of this peer is to be believed."""
        return self._proxies is None or within(peer, self._proxies)

    # What is said of it

    def say(self, limit: Limit) -> None:
        """Log that somebody was turned away: the first time, and then once in a while."""
        if limit in self._said:
            self._unsaid[limit] = self._unsaid.get(limit, 0) + 1
        else:
            self._said[limit] = self.hub.now
            log.warning("turning away", extra={"node": self.hub.name, "limit": str(limit)})

    def tick(self) -> None:
        """Look at what time has brought; to be called about once a second."""
        now = self.hub.now
        if now - self._forgotten >= FORGET_EVERY:
            self._forgotten = now
            self._admission.forget(now)
        for limit, at in list(self._said.items()):
            if now - at < SAY_EVERY:
                continue
            if count := self._unsaid.pop(limit, 0):
                facts = {"node": self.hub.name, "limit": str(limit), "more": count}
                log.warning("turned away", extra=facts)
                self._said[limit] = now
            else:
                del self._said[limit]
