"""Whether the node answers, but cannot store messages. Pure: the time is passed in."""

from enum import Enum, auto

STALLED_AFTER = 1.0
"""Seconds for which a message waits; a node stores one within some milliseconds."""
HELLO_AFTER = 1.0
"""Seconds for which a hello waits. A node that cannot store messages refuses it after 4.5 s."""
AWAY_AFTER = 5.0
"""Seconds without any node after which nothing is known any more; longer than a pause between two
attempts to connect."""


class Wait(Enum):
    """What the client waits for."""

    NOTHING = auto()
    CONNECTION = auto()
    WELCOME = auto()
    ACK = auto()


class Stall:
    """Judges a node by how long it takes for what it has to store.

    A slow network is no stall: the node has answered a ping that followed the message.
    """

    def __init__(self) -> None:
        self.is_stalled = False
        self._wait = Wait.NOTHING
        self._since = 0.0
        self._ponged = False

    def look(self, now: float, wait: Wait) -> bool:
        """Judge by what the client waits for; return whether to ping the node now."""
        begins = wait is not self._wait
        if begins:
            self._wait, self._since, self._ponged = wait, now, False
        waited = now - self._since
        if wait is Wait.NOTHING or (wait is Wait.CONNECTION and waited >= AWAY_AFTER):
            self.is_stalled = False
        elif wait is Wait.WELCOME and waited >= HELLO_AFTER:
            self.is_stalled = True
        elif wait is Wait.ACK and waited >= STALLED_AFTER and self._ponged:
            self.is_stalled = True
        return begins and wait is Wait.ACK

    def ponged(self) -> None:
        """Note that the node has answered the ping."""
        self._ponged = True

    def stored(self) -> None:
        """Note that the node has stored something."""
        self.is_stalled = False
        self._wait = Wait.NOTHING
