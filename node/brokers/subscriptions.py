"""The channels of all servers: each is subscribed to at the server that keeps its slot."""

from collections.abc import Callable

from node.brokers import keys
from node.brokers.slot_map import SEED
from node.brokers.subscriber import Subscriber


class Subscriptions:
    """Hands each channel to the subscriber of its server, also when its slot has moved."""

    def __init__(self, place: Callable[[str], int] | None) -> None:
        self.all: list[Subscriber] = []
        self._place = place

    def want(self, channel: bytes) -> None:
        """Subscribe to a channel."""
        self._at(channel).want(channel)

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe from a channel, also where its slot was, if it has just moved."""
        for subscriber in self.all:
            if channel in subscriber.wanted:
                subscriber.unwant(channel)

    def rebuild(self, number: int) -> None:
        """Replace the connection to a server."""
        self.all[number].rebuild()

    def rebuild_control(self) -> None:
        """Replace the connection to the server that has this node's own channel."""
        self.rebuild(self._number(keys.CONTROL_TAG))

    def spread(self) -> None:
        """Move channels to the servers that keep their slots now.

        A server ends by itself the subscriptions to channels of a slot that it has given away. But
        the seed is a second name for one of the servers, which has given nothing away.
        """
        for number, subscriber in enumerate(self.all):
            wanted = sorted(subscriber.wanted)
            gone = [channel for channel in wanted if self._at(channel) is not subscriber]
            for channel in gone:
                subscriber.forget(channel)
                self._at(channel).want(channel)
            if gone and number == SEED:
                subscriber.rebuild()

    def _at(self, channel: bytes) -> Subscriber:
        return self.all[self._number(keys.tag_of(channel.decode()))]

    def _number(self, tag: str) -> int:
        return 0 if self._place is None else self._place(tag)
