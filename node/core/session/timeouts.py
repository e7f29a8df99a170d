"""What a connection does when time has passed."""

from node.core.config import Limit
from node.core.session.connection import ClientConnection
from node.core.session.errors import RETRY_MS
from node.core.session.keepalive import Verdict
from node.core.session.states import State
from wire.errors import Reason
from wire.messages import PingEvent


def check(connection: ClientConnection, now: float) -> None:
    """Ping or end a client that is silent or slow, and answer what has waited for too long."""
    keepalive, closing, services = connection.keepalive, connection.closing, connection.services
    greeted = connection.state not in (State.NEW, State.GREETING)
    unread = connection.transport.unread if keepalive.paused_at is not None else 0
    verdict = keepalive.verdict(now, services.config, greeted, unread, services.full)
    if verdict is Verdict.NO_HELLO:
        services.counts.hit(Limit.HELLO_WITHIN)
        connection.end(Reason.IDLE, RETRY_MS)
        return
    if verdict is Verdict.IDLE:
        connection.end(Reason.IDLE, 0)
        return
    if verdict is Verdict.PING:
        connection.send(PingEvent())
    if closing.is_quit_overdue(now):
        connection.end(Reason.QUIT)
        return
    if verdict is Verdict.SLOW:
        connection.end(Reason.SLOW, RETRY_MS)
        return
    if (member := closing.overdue_member(now)) is not None:
        # What came before its own `left` is not to be had: the answer cannot wait for it.
        member.room.release(member)
    if connection.recovery.waits or connection.pipeline.waits:
        connection.recovery.expire(now)
        connection.advance()
