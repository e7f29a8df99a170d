"""How long the client has been without a node, and when it gives up."""

from client.protocol.errors import Unreachable


class Outage:
    """The time without a node: after the start, and after each lost connection.

    ``patience`` is how many seconds it may last; None: no limit.
    """

    def __init__(self, patience: float | None, now: float) -> None:
        self._patience = patience
        self._since: float | None = now
        self._was_told = False

    def begin(self, now: float) -> None:
        """Note that the connection is lost."""
        self._since = now

    def end(self) -> None:
        """Note that a node has welcomed us."""
        self._since = None
        self._was_told = False

    def is_news(self) -> bool:
        """Return whether this outage was not reported yet; the caller reports it now."""
        was_told, self._was_told = self._was_told, True
        return not was_told

    def bounded(self, pause: float, why: str, now: float) -> float:
        """Return a pause, limited to what is left of the patience. Raises Unreachable."""
        if self._patience is None or self._since is None:
            return pause
        left = self._since + self._patience - now
        if left <= 0:
            raise Unreachable(f"No node could be reached; the last one tried: {why}.")
        return min(pause, left)
