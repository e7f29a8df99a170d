"""Limits on the connections of a node: which are admitted, and how often refusals are logged."""

import logging
import resource
from collections.abc import Sequence

from node.core.config import Limit
from node.core.hub.hub import Hub
from node.core.limits.admission import AddressUsage, Admission, Bounds, Network, Refusal, within

log = logging.getLogger(__name__)

SPARE_FILES = 64
"""Descriptors that are not for clients, but for Redis, health, files, and answering refusals."""
LINGER_MOST = 32
"""Refused connections that may linger until the client has read why; others are closed at once."""
LOG_EVERY = 60.0
"""Seconds between two log lines about the same limit."""
FORGET_EVERY = 10.0
"""Seconds between two clean-ups of the addresses that are remembered."""

_FILES = Refusal(Limit.FILES, "This node is full; try another node, or try later.", 5.0)
_MEMORY = Refusal(Limit.MEMORY, "This node is full; try another node, or try later.", 5.0)


class ConnectionLimits:
    """Decides which connections a node admits.

    ``proxy``: a connection may begin with a PROXY header. ``proxies`` are the networks whose
    headers are trusted, None for all.
    """

    def __init__(
        self,
        hub: Hub,
        bounds: Bounds = Bounds(),
        proxy: bool = False,
        proxies: Sequence[Network] | None = None,
    ) -> None:
        self.hub = hub
        self.proxy = proxy
        self._proxies = proxies
        self._admission = Admission(bounds)
        self._has_memory = True
        self._lingering = 0
        self._handshakes = 0
        self._logged: dict[Limit, float] = {}
        self._unlogged: dict[Limit, int] = {}
        self._forgotten = hub.services.now

    # Admission

    def crowded(self, file: int, new: int = 0) -> Refusal | None:
        """Return why there is no room for one more connection, None if there is.

        ``file`` is the descriptor of its socket. ``new`` is 1 if the hub does not know it yet.
        The system gives out the lowest free descriptor: a high one means that nearly all are used.
        """
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        # Where the limit is low, at most half of the descriptors are kept back.
        if most != resource.RLIM_INFINITY and file >= max(most - SPARE_FILES, most // 2):
            return _FILES
        if not self._has_memory:
            return _MEMORY
        others = len(self.hub.registry.connections) + self._handshakes + new - 1
        return self._admission.crowded(others)

    def enter(self, address: str) -> AddressUsage | Refusal | None:
        """Admit a connection from an address, or refuse it; None: no limit applies to it."""
        return self._admission.enter(address, self.hub.services.clock())

    def leave(self, usage: AddressUsage) -> None:
        """An admitted connection is closed."""
        self._admission.leave(usage)

    def trusts(self, peer: str) -> bool:
        """Return whether PROXY headers from this address are trusted."""
        return self._proxies is None or within(peer, self._proxies)

    def refuse_header(self) -> None:
        """Count and log a PROXY header that is malformed, or whose sender is not trusted."""
        self.hub.services.counts.hit(Limit.PROXY_FROM)
        self.log_refusal(Limit.PROXY_FROM)

    def set_memory(self, is_left: bool) -> None:
        """Admit no connection at all while no memory is left."""
        self._has_memory = is_left

    # Connections on their way in and out

    @property
    def handshakes(self) -> int:
        """TLS handshakes under way."""
        return self._handshakes

    def handshake_started(self) -> None:
        """Count a TLS handshake, as a connection that the hub does not know yet."""
        self._handshakes += 1

    def handshake_ended(self) -> None:
        """A TLS handshake succeeded or failed."""
        self._handshakes -= 1

    @property
    def lingering(self) -> int:
        """Refused connections that are not closed yet."""
        return self._lingering

    def linger(self) -> bool:
        """Count a refused connection; return whether it may linger, or is to be closed at once."""
        self._lingering += 1
        return self._lingering <= LINGER_MOST

    def lingered(self) -> None:
        """A refused connection is closed."""
        self._lingering -= 1

    # The log

    def log_refusal(self, limit: Limit) -> None:
        """Log the first refusal for a limit at once, and in ``tick`` how many there were since."""
        if limit in self._logged:
            self._unlogged[limit] = self._unlogged.get(limit, 0) + 1
        else:
            self._logged[limit] = self.hub.services.now
            facts = {"node": self.hub.services.name, "limit": str(limit)}
            log.warning("refusing connections", extra=facts)

    def tick(self) -> None:
        """Forget idle addresses, and log how many were refused; called about once a second."""
        now = self.hub.services.now
        if now - self._forgotten >= FORGET_EVERY:
            self._forgotten = now
            self._admission.forget(now)
        for limit, at in list(self._logged.items()):
            if now - at < LOG_EVERY:
                continue
            if count := self._unlogged.pop(limit, 0):
                facts = {"node": self.hub.services.name, "limit": str(limit), "more": count}
                log.warning("connections refused", extra=facts)
                self._logged[limit] = now
            else:
                del self._logged[limit]
