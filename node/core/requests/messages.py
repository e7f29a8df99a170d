"""Messages: to a room, or to one nick."""

import hashlib
import re
from functools import partial

from node.core.config import Limit
from node.core.limits import volume
from node.core.model import PendingMessage, Refused, Stored
from node.core.names import names
from node.core.requests.replies import failed, not_in
from node.core.session.session import Session
from wire import codec
from wire import text as texts
from wire.errors import Code
from wire.messages import Ack, Send, SendDirect, Words

_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _token(id: str | None) -> str:
    """Return what an id is remembered by: itself if it is plain, else a digest of it."""
    if not id:
        return ""
    if _PLAIN_ID.fullmatch(id):
        return id
    return "~" + hashlib.blake2b(id.encode(), digest_size=20).hexdigest()


def send(session: Session, request: Send, deadline: float) -> None:
    member = session.rooms.get(request.room)
    if member is None:
        try:
            name = names.room(request.room)
        except names.BadName as error:
            _unsendable(session, request, deadline, Code.BAD_ROOM, str(error), request.room)
            return
        if (member := session.rooms.get(name)) is None:
            _unsendable(session, request, deadline, *not_in(name), request.room)
            return
    if wrong := texts.check(request.text):
        _unsendable(session, request, deadline, *wrong)
        return
    if (pace := member.room.pace) is not None:
        if wait := pace.take(deadline - session.hub.rules.answer_within):
            session.refuse_flood(request, wait, Limit.ROOM_RATE)
            return
    words = Words(text=request.text, id=request.id, kind=request.kind or "say")
    body = b'"from":"%b",%b' % (session.nick.encode(), codec.encode_body(words))
    if (caller := session.caller) is not None and body[volume.SHORT :]:
        if wait := volume.of_message(caller, body, deadline - session.hub.rules.answer_within):
            volume.refuse(session, request, wait)
            return
    session.begin(overlaps=True)
    post = _post(session, request, body, deadline)
    counts = session.hub.counts
    counts.messages_in += 1
    if counts.awaited is None:
        counts.follow(member.room.log, post.id, deadline - session.hub.rules.answer_within)
    session.hub.broker.publish(member.room.name, post)


def _post(
    session: Session, request: Send | SendDirect, body: bytes, deadline: float
) -> PendingMessage:
    hub = session.hub
    done = partial(_on_sent, session, request, deadline)
    return PendingMessage(
        session.hold, hub.random_id().encode(), _token(request.id), body, deadline, done
    )


def direct(session: Session, request: SendDirect, deadline: float) -> None:
    try:
        fold = names.fold(request.to)
    except names.BadName as error:
        _unsendable(session, request, deadline, Code.BAD_NICK, str(error))
        return
    if wrong := texts.check(request.text):
        _unsendable(session, request, deadline, *wrong)
        return
    directs = session.hub.directs
    if directs.limited:
        if wait := directs.take(fold, deadline - session.hub.rules.answer_within):
            session.refuse_flood(request, wait, Limit.DIRECT_RATE)
            return
    words = Words(text=request.text, id=request.id, kind=request.kind or "say")
    before = b'"from":"%b","to":"' % session.nick.encode()
    after = b'",' + codec.encode_body(words)
    if (caller := session.caller) is not None:
        if wait := volume.of_direct(caller, after, deadline - session.hub.rules.answer_within):
            volume.refuse(session, request, wait)
            return
    session.begin(overlaps=True)
    post = _post(session, request, b"", deadline)
    session.hub.counts.messages_in += 1
    session.hub.broker.direct(post, fold, before, after)


def _on_sent(
    session: Session, request: Send | SendDirect, deadline: float, reply: Stored | Refused
) -> None:
    if isinstance(reply, Stored):
        if request.id is not None:
            session.tell(_ack(request, reply))
    elif reply is Refused.GONE:
        session.reclaim(request, deadline, partial(_on_sent, session, request, deadline))
        return
    elif reply is Refused.NOBODY and isinstance(request, SendDirect):
        text = f"Nobody is called {request.to}."
        session.error(Code.NO_SUCH_NICK, text, request.ref, request.id)
    else:
        failed(session, request, reply)
    session.finish(overlaps=True)


def _ack(request: Send | SendDirect, kept: Stored) -> Ack:
    assert request.id is not None
    ack = Ack(ref=request.ref, id=request.id, position=kept.position, at=kept.at)
    if kept.log.startswith("r:"):
        ack.room = kept.log[2:]
    else:
        ack.to = kept.to
    return ack


def _unsendable(
    session: Session,
    request: Send | SendDirect,
    deadline: float,
    code: Code,
    text: str,
    room: str | None = None,
) -> None:
    """Refuse a message, unless it repeats one that was sent: that one's ack comes first."""
    if request.id is None:
        session.error(code, text, request.ref, room=room)
        return

    def done(reply: Stored | None | Refused) -> None:
        if isinstance(reply, Stored):
            session.tell(_ack(request, reply))
        elif isinstance(reply, Refused):
            failed(session, request, reply, room)
        else:
            session.error(code, text, request.ref, request.id, room)
        session.finish(overlaps=True)

    session.begin(overlaps=True)
    session.hub.broker.sent(session.hold.session, _token(request.id), deadline, done)
