"""The lines of the log about one connection: when it is opened and closed, and who logs in."""

import logging
from collections.abc import Mapping

from node.core.config import CoreCounts
from node.core.session.connection import ClientConnection
from node.net.peer import Peer

log = logging.getLogger(__name__)

LINES_MOST = 20
"""Most lines about one client, besides opened and closed: it may try one nick after the other."""
NICK_MOST = 64
"""Characters of a nick that are logged: one that is refused may be as long as a line."""


class ConnectionLog:
    """Logs a connection from its first byte on.

    A connection that says nothing is counted instead, because health checks make two a second. At
    the level debug it leaves one line. ``more`` are facts that each line has.
    """

    __slots__ = ("is_open", "_peer", "_counts", "_more", "_lines")

    def __init__(self, peer: Peer, counts: CoreCounts, more: Mapping[str, object] = {}) -> None:
        self.is_open = False
        """Whether there is a line about the connection."""
        self._peer = peer
        self._counts = counts
        self._more = more
        self._lines = 0

    def open(self) -> None:
        """Log that the connection was opened; to be called at its first byte."""
        if not self.is_open:
            self.is_open = True
            log.info("connection opened", extra=self.facts())

    def facts(self) -> dict[str, object]:
        """Return the facts that are in every log line about the connection."""
        return {**self._peer.facts(), **self._more}

    def add(self, what: str, nick: str | None, facts: dict[str, str]) -> None:
        """Log what happened to a client. The nick comes last: it is what a client makes up."""
        self.open()
        self._lines += 1
        if self._lines > LINES_MOST:
            return
        about = self.facts() | facts
        if nick is not None:
            about["nick"] = nick[:NICK_MOST]
        log.info(what, extra=about)

    def close(self, session: ClientConnection, exc: Exception | None) -> None:
        """Log why the connection was closed, or count it if there was nothing to log before."""
        if self._peer.turned_away:
            return
        facts = self.facts() | {"reason": _reason(session, exc)}
        if session.closing.fault is not None:
            facts["code"] = str(session.closing.fault)
        if self.is_open:
            log.info("connection closed", extra=facts)
        else:
            self._counts.silent_connections += 1
            log.debug("connection closed without a word", extra=facts)


def _reason(session: ClientConnection, exc: Exception | None) -> str:
    """Return why a connection is closed: of a bug only the type, as its text may quote users."""
    if session.closing.reason is not None:
        return str(session.closing.reason)
    if exc is None:
        return "by the client"
    return str(exc) if isinstance(exc, OSError) else type(exc).__name__
