"""How long the client has been without a node, and what becomes of that."""

from client.protocol.errors import Unreachable


class Outage:
    """Begins with the start, and with every lost connection.

    ``patience`` is how many seconds it may last; None: for ever.
    """

    def __init__(self, patience: float | None, now: float) -> None:
        self._patience = patience
        self._since: float | None = now
        self._was_told = False

    def begin(self, now: float) -> None:
        """The connection is lost."""
        self._since = now

    def end(self) -> None:
        """A node has welcomed us."""
        self._since = None
        self._was_told = False

    def is_news(self) -> bool:
        """Return whether the reader has not been told of this outage; now it is."""
        was_told, self._was_told = self._was_told, True
        return not was_told

    def bounded(self, pause: float, why: str, now: float) -> float:
        """Return a pause, cut to what is left of our patience. Raises Unreachable."""
        if self._patience is None or self._since is None:
            return pause
        left = self._since + self._patience - now
        if left <= 0:
            raise Unreachable(f"No node could be reached; the last one tried: {why}.")
        return min(pause, left)
