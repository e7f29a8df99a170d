"""Messages: to a room, or to one nick."""

import hashlib
import re
from functools import partial

from node.core.config import Limit
from node.core.limits.admission import SHORT
from node.core.model import Denied, DirectDenied, Failure, Fenced, PendingMessage, Stored
from node.core.names import names
from node.core.requests.replies import failed, not_in
from node.core.session.connection import ClientConnection
from node.core.session.quota import LimitReached
from wire import codec
from wire import text as texts
from wire.errors import Code
from wire.messages import Ack, Send, SendDirect, Words

_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _message_id(id: str | None) -> str:
    """Return what an id is remembered by: itself if it is plain, else a digest of it."""
    if not id:
        return ""
    if _PLAIN_ID.fullmatch(id):
        return id
    return "~" + hashlib.blake2b(id.encode(), digest_size=20).hexdigest()


def send(connection: ClientConnection, request: Send, deadline: float) -> None:
    """Append a message to the log of a room (`send`); the `ack` follows once Redis has it."""
    session, services = connection.session, connection.services
    member = session.rooms.get(request.room)
    if member is None:
        try:
            name = names.room(request.room)
        except names.BadName as error:
            # No room has such a name, so nothing can have been sent there.
            text = str(error)
            connection.error(Code.BAD_ROOM, text, request.ref, request.id, request.room)
            return
        if (member := session.rooms.get(name)) is None:
            _unsendable(connection, request, deadline, *not_in(name), name, request.room)
            return
    if wrong := texts.check(request.text):
        _unsendable(connection, request, deadline, *wrong, member.room.name)
        return
    arrived_at = deadline - services.config.answer_within
    pace, usage = member.room.pace, connection.quota.usage
    if pace is not None and (wait := pace.take(arrived_at)):
        connection.refuse_flood(request, LimitReached(Limit.ROOM_RATE, wait))
        return
    words = Words(text=request.text, id=request.id, kind=request.kind or "say")
    body = b'"from":"%b",%b' % (session.nick.encode(), codec.encode_body(words))
    if usage is not None and body[SHORT:]:
        if wait := usage.take_message(body, arrived_at):
            _refuse_volume(connection, request, wait)
            return
    connection.pipeline.begin(overlaps=True)
    id, done = services.random_id().encode(), partial(_on_sent, connection, request, deadline)
    message = PendingMessage(session.token, id, _message_id(request.id), body, deadline, done)
    counts = services.counts
    counts.messages_in += 1
    if counts.awaited is None:
        counts.follow(member.room.log, id, arrived_at)
    services.broker.publish(member.room.name, message)


def direct(connection: ClientConnection, request: SendDirect, deadline: float) -> None:
    """Append a message to the inbox of the session that has a nick (`direct`)."""
    session, services = connection.session, connection.services
    try:
        fold = names.fold(request.to)
    except names.BadName as error:
        _unsendable(connection, request, deadline, Code.BAD_NICK, str(error))
        return
    if wrong := texts.check(request.text):
        _unsendable(connection, request, deadline, *wrong)
        return
    arrived_at = deadline - services.config.answer_within
    directs, usage = services.directs, connection.quota.usage
    if directs.limited and (wait := directs.take(fold, arrived_at)):
        connection.refuse_flood(request, LimitReached(Limit.DIRECT_RATE, wait))
        return
    words = Words(text=request.text, id=request.id, kind=request.kind or "say")
    before = b'"from":"%b","to":"' % session.nick.encode()
    after = b'",' + codec.encode_body(words)
    if usage is not None and (wait := usage.take_direct(after, arrived_at)):
        _refuse_volume(connection, request, wait)
        return
    connection.pipeline.begin(overlaps=True)
    id, done = services.random_id().encode(), partial(_on_sent, connection, request, deadline)
    message = PendingMessage(session.token, id, _message_id(request.id), b"", deadline, done)
    services.counts.messages_in += 1
    services.broker.direct(message, fold, before, after)


def _on_sent(
    connection: ClientConnection,
    request: Send | SendDirect,
    deadline: float,
    reply: Stored | DirectDenied | Failure,
) -> None:
    if isinstance(reply, Stored):
        if request.id is not None:
            connection.send(_ack(request, reply))
    elif reply is Fenced.GONE:
        connection.recovery.strand(
            request, deadline, partial(_on_sent, connection, request, deadline)
        )
        return
    elif reply is Denied.NOBODY:
        assert isinstance(request, SendDirect)
        text = f"Nobody is called {request.to}."
        connection.error(Code.NO_SUCH_NICK, text, request.ref, request.id)
    else:
        failed(connection, request, reply)
    connection.pipeline.finish(overlaps=True)


def _ack(request: Send | SendDirect, kept: Stored) -> Ack:
    assert request.id is not None
    ack = Ack(ref=request.ref, id=request.id, position=kept.position, at=kept.at)
    if kept.log.startswith("r:"):
        ack.room = kept.log[2:]
    else:
        ack.to = kept.to
    return ack


def _refuse_volume(
    connection: ClientConnection, request: Send | SendDirect, retry_after: float
) -> None:
    """Refuse a message: its address has written too much."""
    connection.services.counts.hit(Limit.ADDRESS_BYTES)
    room = request.room if isinstance(request, Send) else None
    text = "Your address has sent as many direct and long messages as allowed for now; wait."
    connection.error(Code.RATE_LIMITED, text, request.ref, request.id, room, retry_after)


def _unsendable(
    connection: ClientConnection,
    request: Send | SendDirect,
    deadline: float,
    code: Code,
    text: str,
    room: str | None = None,
    asked: str | None = None,
) -> None:
    """Refuse a message, unless it repeats one that was sent: that one's ack comes first.

    ``room``: where it would have been sent before, None for a direct; ``asked``: what is wrong.
    """
    if request.id is None:
        connection.error(code, text, request.ref, room=asked)
        return

    def done(reply: Stored | None | Failure) -> None:
        if isinstance(reply, Stored):
            connection.send(_ack(request, reply))
        elif isinstance(reply, Failure):
            failed(connection, request, reply, asked)
        else:
            connection.error(code, text, request.ref, request.id, asked)
        connection.pipeline.finish(overlaps=True)

    connection.pipeline.begin(overlaps=True)
    session, message_id = connection.session.token.session, _message_id(request.id)
    connection.services.broker.sent(room, session, message_id, deadline, done)
