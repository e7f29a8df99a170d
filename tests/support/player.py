"""Plays named calls to the pure modules of the client, as tests/web/player.js does to the SDK."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from client.protocol import errors
from client.protocol.effects import Effect
from client.protocol.errors import Unreachable
from client.protocol.greeting import Identity
from client.protocol.names import fold
from client.protocol.outbox import Outbox
from client.protocol.read_state import ReadState
from client.protocol.session import Session
from client.text.nicks import mentions, with_suffix
from client.text.sanitize import safe_line, safe_word
from client.transport.addresses import Address, Endpoints
from client.transport.keepalive import Keepalive
from client.transport.outage import Outage
from wire import messages as m
from wire import text as texts
from wire.codec import decode_event

KEY = "k" * 32
_requests: msgspec.json.Decoder[Any] = msgspec.json.Decoder(m.AnyRequest)
Json = Any
"""What JSON can hold."""


def event_of(fields: dict[str, Json]) -> m.AnyEvent | None:
    """Return an event as the client decodes it."""
    return decode_event(json.dumps(fields).encode())


def request_of(fields: dict[str, Json]) -> Any:
    """Return a request."""
    return _requests.decode(json.dumps(fields))


def plain(value: Any) -> Json:
    """Return a struct, or a list of them, as JSON."""
    return json.loads(msgspec.json.encode(value))


def brief(effect: Effect) -> Json:
    """Return an effect without what it has by default."""
    found: dict[str, Json] = {}
    if effect.write:
        found["write"] = plain(effect.write)
    if not effect.show:
        found["show"] = False
    if effect.settled is not None:
        found["settled"] = effect.settled
    if effect.doubts:
        found["doubts"] = plain(effect.doubts)
    if end := effect.disconnect:
        parts = {"after": end.after, "reason": end.reason, "text": end.text}
        found["disconnect"] = {name: value for name, value in parts.items() if value}
        found["disconnect"]["reconnect"] = end.reconnect
        if end.refusal:
            found["disconnect"]["refusal"] = plain(end.refusal)
    if effect.move is not None:
        found["move"] = effect.move
    return found


def _session(*, live: list[str] | None = None, **options: Any) -> Session:
    session = Session(Identity(KEY, "x-"), **options)
    if live is not None:
        session.connected(1)
        nick = options["nick"]
        welcome = m.Welcome(nick=nick, node="node-1", protocol=1, resumed=False, limits=m.Limits())
        session.take(welcome, 0.0)
        for room in live:
            event = m.Joined(
                room=room,
                position=f"{room}-0",
                members=1,
                created=False,
                quiet=False,
                messages=[],
            )
            session.take(event, 0.0)
    return session


def _endpoints(addresses: list[str], randoms: list[float] | None = None) -> Endpoints:
    rest: Iterator[float] = iter(randoms or ())
    return Endpoints([Address(each, 1) for each in addresses], lambda: next(rest))


_MAKERS: dict[str, Callable[..., Any]] = {
    "session": _session,
    "outbox": lambda window=1: Outbox(window),
    "read_state": lambda positions=None: ReadState(positions or {}),
    "endpoints": _endpoints,
    "keepalive": lambda now: Keepalive(now),
    "outage": lambda patience, now: Outage(patience, now),
    "functions": lambda: None,
}


def _ask(it: Session, request: dict[str, Json]) -> Json:
    ref, write = it.ask(request_of(request))
    return {"ref": ref, "write": plain(write)}


def _take(it: Session, event: dict[str, Json], now: float) -> Json:
    taken = event_of(event)
    return brief(Effect(show=False) if taken is None else it.take(taken, now))


def _state(it: Session) -> Json:
    return {
        "state": it.state.name.lower(),
        "nick": it.nick,
        "node": it.node,
        "is_ready": it.is_ready,
        "is_owed": it.is_owed,
        "wake_at": it.wake_at,
        "may_hand_over": it.may_hand_over,
        "rooms": it.read_state.rooms,
        "positions": it.read_state.positions(),
        "waiting": len(it.outbox),
    }


def _bounded(it: Outage, pause: float, why: str, now: float) -> Json:
    try:
        return it.bounded(pause, why, now)
    except Unreachable as error:
        return {"error": "Unreachable", "text": str(error)}


def _refusal(error: dict[str, Json]) -> Json:
    found = errors.refusal(_error(error))
    name = type(found).__name__.removeprefix("Request")
    account = getattr(found, "account", None)
    fields = {"code": found.code, "text": found.text, "room": found.room, "account": account}
    return {"name": name, **fields}


def _error(fields: dict[str, Json]) -> m.Error:
    event = event_of(fields)
    assert isinstance(event, m.Error)
    return event


def _send(id: str) -> m.Send:
    return m.Send(room="lab", text=id, id=id)


Call = Callable[[Any, list[Json], float], Json]
_CALLS: dict[str, dict[str, Call]] = {
    "session": {
        "connected": lambda it, args, now: plain(it.connected(args[0])),
        "disconnected": lambda it, args, now: it.disconnected(),
        "handover_hello": lambda it, args, now: plain(it.handover_hello(args[0])),
        "handed_over": lambda it, args, now: brief(it.handed_over(event_of(args[0]), now)),
        "handover_failed": lambda it, args, now: plain(it.handover_failed()),
        "post": lambda it, args, now: it.post(request_of(args[0])),
        "ask": lambda it, args, now: _ask(it, args[0]),
        "wake": lambda it, args, now: brief(it.wake(now)),
        "take": lambda it, args, now: _take(it, args[0], now),
        "choose_nick": lambda it, args, now: it.choose_nick(args[0]),
        "state": lambda it, args, now: _state(it),
        "rooms": lambda it, args, now: it.read_state.rooms,
        "positions": lambda it, args, now: it.read_state.positions(),
    },
    "outbox": {
        "add": lambda it, args, now: it.add(args[0], _send(args[0])),
        "due": lambda it, args, now: [message.id for message in it.due(now)],
        "settle": lambda it, args, now: it.settle(args[0]) and None,
        "refuse": lambda it, args, now: it.refuse(_error(args[0]), now),
        "disconnected": lambda it, args, now: it.disconnected(),
        "expire": lambda it, args, now: it.expire(now),
        "state": lambda it, args, now: {
            "size": len(it),
            "in_flight": it.in_flight,
            "wake_at": it.wake_at,
        },
    },
    "read_state": {
        "enter": lambda it, args, now: it.enter(event_of(args[0])),
        "leave": lambda it, args, now: it.leave(args[0]),
        "deliver": lambda it, args, now: it.deliver(*args),
        "saw_enter": lambda it, args, now: it.saw_enter(*args),
        "saw_leave": lambda it, args, now: it.saw_leave(*args),
        "saw_rename": lambda it, args, now: it.saw_rename(*args),
        "rooms": lambda it, args, now: it.rooms,
        "positions": lambda it, args, now: it.positions(),
    },
    "endpoints": {
        "next": lambda it, args, now: it.next().host,
        "pause": lambda it, args, now: it.pause(),
        "worked": lambda it, args, now: it.worked(),
    },
    "keepalive": {
        "welcomed": lambda it, args, now: it.welcomed(),
        "heard": lambda it, args, now: it.heard(now),
        "asked": lambda it, args, now: it.asked(now),
        "next_at": lambda it, args, now: it.next_at(args[0]),
        "judge": lambda it, args, now: it.judge(now, args[0]).name.lower(),
    },
    "outage": {
        "begin": lambda it, args, now: it.begin(now),
        "end": lambda it, args, now: it.end(),
        "is_news": lambda it, args, now: it.is_news(),
        "bounded": lambda it, args, now: _bounded(it, args[0], args[1], now),
    },
    "functions": {
        "fold": lambda it, args, now: fold(args[0]),
        "mentions": lambda it, args, now: mentions(*args),
        "with_suffix": lambda it, args, now: with_suffix(args[0], lambda: args[1]),
        "safe_word": lambda it, args, now: safe_word(args[0]),
        "safe_line": lambda it, args, now: safe_line(args[0]),
        "check": lambda it, args, now: plain(texts.check(args[0])),
        "refusal": lambda it, args, now: _refusal(args[0]),
        "is_passing": lambda it, args, now: errors.is_passing(_error(args[0])),
        "retry_after": lambda it, args, now: errors.retry_after(_error(args[0])),
        "unknown_fate": lambda it, args, now: plain(errors.unknown_fate(args[0])),
        "ended": lambda it, args, now: str(errors.Ended(*args)),
    },
}


class Player:
    """One object, and the calls to it."""

    def __init__(self, make: dict[str, Json]) -> None:
        options = dict(make)
        kind = options.pop("kind")
        self.it = _MAKERS[kind](**options)
        self._calls = _CALLS[kind]

    def play(self, step: dict[str, Json]) -> Json:
        """Make a call; return its result as plain JSON."""
        args = [_filled(each) for each in step.get("args", [])]
        return self._calls[step["call"]](self.it, args, step.get("now", 0))


def _filled(argument: Json) -> Json:
    """Return a text in place of ``{"repeat": [TEXT, TIMES]}``."""
    if isinstance(argument, dict) and "repeat" in argument:
        text, times = argument["repeat"]
        return text * times
    return argument
