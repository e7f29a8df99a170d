"""Hello: a session begins, or goes on."""

import hashlib
import hmac
from typing import NamedTuple

from node.core.entries import Cursor
from node.core.log_names import inbox_log, room_log
from node.core.model import Claim, Claimed, Denied, Failure, FencingToken, Unavailable
from node.core.names import names
from node.core.requests import account_auth, presence, welcome
from node.core.requests.stepwise import CallFailed, Steps, stepwise
from node.core.requests.welcome import Wishes
from node.core.session.connection import ClientConnection
from node.core.session.states import State
from wire.errors import Code
from wire.messages import DEFAULT_ROOM, INBOX, Hello


class _Named(NamedTuple):
    """The nick that a hello asks for, what it reserves, and the rooms for a new session."""

    nick: str
    fold: str
    default_room: str
    rooms: list[str]


@stepwise
def hello(connection: ClientConnection, request: Hello, deadline: float) -> Steps[None]:
    """Begin or continue a session, and put it into its rooms (`hello`)."""
    is_first = connection.state is State.NEW
    yield from _hello(connection, request, deadline)
    if is_first and connection.state is State.NEW and connection.refusal is not None:
        connection.transport.log("refused", request.nick, code=connection.refusal.value)


def _hello(connection: ClientConnection, request: Hello, deadline: float) -> Steps[None]:
    if not _may_ask(connection, request):
        return
    if (nick := _nick(connection, request)) is None:
        return
    if (positions := _positions(connection, request)) is None:
        return
    wishes = Wishes(request, positions, *_prepared(request.rooms or []))
    if (named := _admitted(connection, wishes, *nick)) is None:
        return
    claim = _claim(connection, wishes, named)
    connection.begin_hello(claim.keyed, claim.attempt, claim.fold)
    try:
        reply = yield from account_auth.claim(connection, request, claim, deadline)
    except CallFailed as failure:
        _settle(connection, claim, failure.why)
        if not connection.is_over:
            connection.fail_hello()
            # The delay is ours: it does not count against the time that a hello may take.
            connection.keepalive.extend_hello(connection.services.now)
            raise
        return
    _settle(connection, claim, reply)
    if connection.is_over:
        if isinstance(reply, Claimed):
            connection.services.broker.part(claim.token, quit=connection.has_quit)
    elif isinstance(reply, Claimed):
        welcome.welcome(connection, claim, wishes, reply)
    else:
        connection.fail_hello()
        welcome.refuse(connection, claim, wishes, reply)


def _may_ask(connection: ClientConnection, request: Hello) -> bool:
    """Say whether this is the first hello, with a token if one is needed; refuse it otherwise."""
    if connection.state is not State.NEW:
        connection.error(Code.BAD_REQUEST, "This connection has sent a hello already.", request.ref)
        return False
    tokens = connection.services.tokens
    if tokens and not _is_one_of(tokens, request.token or ""):
        text = "Invalid or missing token."
        connection.error(Code.BAD_TOKEN, text, request.ref)
        return False
    return True


def _is_one_of(tokens: tuple[bytes, ...], token: str) -> bool:
    """Say whether a token is a right one, in a time that tells nothing of the right ones."""
    digest = hashlib.sha256(token.encode()).digest()
    return any([hmac.compare_digest(digest, known) for known in tokens])


def _nick(connection: ClientConnection, request: Hello) -> tuple[str, str] | None:
    """Return the nick of a hello, and what it reserves; None if the hello is refused for it."""
    if request.nick is None:
        return "", ""
    try:
        return names.take(request.nick)
    except names.BadName as error:
        # A continued session keeps its nick, and ignores this one.
        if request.key is not None:
            return "", ""
        connection.error(Code.BAD_NICK, str(error), request.ref)
        return None


def _positions(connection: ClientConnection, request: Hello) -> dict[str, Cursor] | None:
    """Return the positions by room; None if the hello is refused, as one of them is none."""
    positions = {}
    for room, text in (request.positions or {}).items():
        if (cursor := Cursor.parse(text)) is None:
            connection.error(Code.BAD_REQUEST, f"{text!a} is not a position.", request.ref)
            return None
        positions[room] = cursor
    return positions


def _prepared(rooms: list[str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return rooms by name, as asked for, and those that are not possible, with the reason."""
    good: dict[str, str] = {}
    bad = []
    for room in rooms:
        try:
            good.setdefault(names.room(room), room)
        except names.BadName as error:
            bad.append((room, str(error)))
    return good, bad


def _admitted(connection: ClientConnection, wishes: Wishes, nick: str, fold: str) -> _Named | None:
    """Return what a hello may ask for now; None if it is refused.

    A session that goes on may always come in: a claim without a nick begins none.
    """
    request = wishes.request
    if connection.services.full:
        nick = fold = ""
        if request.key is None:
            welcome.refuse_full(connection, request)
            return None
    default = DEFAULT_ROOM if request.rooms is None else ""
    rooms = list(wishes.rooms)
    short = presence.short_for(connection, rooms or [default])
    if request.key is None and not presence.passes(connection, request, short):
        return None
    if short is not None:
        # As above; and a session that goes on enters no other rooms now.
        return _Named("", "", "", [])
    return _Named(nick, fold, default, rooms)


def _claim(connection: ClientConnection, wishes: Wishes, named: _Named) -> Claim:
    """Return what the broker is asked for, and reserve what that may cost."""
    request, services = wishes.request, connection.services
    keyed = request.key is not None
    token = FencingToken(_session_of(connection, request.key), services.broker.owner())
    inbox = inbox_log(token.session)
    known = [
        (inbox if name == INBOX else room_log(name), at.position)
        for name, at in wishes.positions.items()
        if name != INBOX or keyed
    ]
    nick, fold, default, rooms = named
    makes = connection.quota.reserve_rooms(len(rooms), services.clock())
    claim = Claim(
        *(token, keyed, nick, fold, request.attempt, rooms, default, known, makes),
        address=connection.transport.address,
    )
    presence.reserve(connection, claim)
    return claim


def _session_of(connection: ClientConnection, key: str | None) -> str:
    if key is None:
        return "u" + connection.services.random_id()
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _settle(connection: ClientConnection, claim: Claim, reply: Claimed | Denied | Failure) -> None:
    """Charge for what a claim came to, and give back the rest."""
    made = 0
    if isinstance(reply, Claimed):
        made = sum(
            membership.created and membership.room != claim.default_room
            for membership in reply.memberships
        )
    connection.quota.return_rooms(max(claim.makes - made, 0))
    presence.settle(connection, claim, reply)
    if reply in (Unavailable.UNREACHABLE, Unavailable.INTERNAL):
        # It may have been done all the same, and then nobody would ever let go of the session.
        connection.services.broker.part(claim.token, quit=False)
