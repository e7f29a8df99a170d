"""Sessions in some state, and events for them."""

from client.protocol.greeting import Identity
from client.protocol.session import Session
from tests.support.scripted import joined, welcome
from wire import messages as m


def fresh(*rooms: str, nick: str = "ana", token: str | None = None) -> Session:
    """A session that never was connected; without rooms it leaves them to the node."""
    return Session(Identity("k" * 32, "x-"), nick=nick, rooms=rooms or None, token=token)


def live(*rooms: str) -> Session:
    """A session that is in its rooms."""
    session = fresh(*rooms)
    session.connected(1)
    session.take(welcome(), 0.0)
    for room in rooms or ("general",):
        session.take(joined(room, f"{room}-0"), 0.0)
    return session


def reconnect(session: Session, now: float = 0.0, *, resumed: bool = True) -> list[m.Request]:
    """Lose the connection, and be welcomed by another node; return what is written then."""
    session.disconnected()
    session.connected(1)
    return list(session.take(welcome(resumed=resumed, node="node-2"), now).write)


def say(session: Session, text: str, now: float = 0.0) -> tuple[m.Request, ...]:
    """Say something; return what is written at once."""
    session.post(m.Send(room="general", text=text))
    return session.wake(now).write


def texts_of(requests: list[m.Request] | tuple[m.Request, ...]) -> list[str]:
    """Return the texts of messages."""
    return [request.text for request in requests if isinstance(request, (m.Send, m.SendDirect))]


def direct(text: str, position: str) -> m.Direct:
    """A direct from bo."""
    return m.Direct(position=position, at=1, from_="bo", to="ana", text=text)


def left(room: str, nick: str, *, ref: str | None = None, reason: str = "left") -> m.Left:
    """A left."""
    return m.Left(ref=ref, room=room, nick=nick, reason=reason, position=f"{room}-l-{nick}", at=1)
