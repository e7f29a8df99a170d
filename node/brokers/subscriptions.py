"""The channels of all servers: each is subscribed to at the server that keeps its slot."""

import re
from collections.abc import Callable, Sequence

from node.brokers.subscriber import Subscriber

_TAG = re.compile(rb"\{([^}]*)\}")


class Subscriptions:
    """Hands each channel to the subscriber of its server."""

    def __init__(self, subscribers: Sequence[Subscriber], place: Callable[[str], int]) -> None:
        self.all = subscribers
        self._place = place

    def want(self, channel: bytes) -> None:
        """Subscribe to a channel."""
        self._of(channel).want(channel)

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe from a channel."""
        self._of(channel).unwant(channel)

    def _of(self, channel: bytes) -> Subscriber:
        found = _TAG.search(channel)
        assert found is not None
        return self.all[self._place(found[1].decode())]
