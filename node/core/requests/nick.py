"""Another nick for a session."""

from functools import partial
from typing import assert_never

from node.core.model import AccountDenied, Denied, NickDenied, NickReply, SessionState, Unavailable
from node.core.names import names
from node.core.requests import account_auth, presence
from node.core.requests.replies import banned
from node.core.requests.stepwise import CallFailed, Steps, ask, stepwise
from node.core.session.connection import ClientConnection
from wire.errors import Code
from wire.messages import Renamed, SetNick


@stepwise
def nick(connection: ClientConnection, request: SetNick, deadline: float) -> Steps[None]:
    """Give the session another nick, in all its rooms (`nick`)."""
    try:
        nick, fold = names.take(request.nick)
    except names.BadName as error:
        connection.error(Code.BAD_NICK, str(error), request.ref)
        return
    charges = presence.charge_nick(connection, request)
    if charges is None:
        return
    try:
        reply = yield from _rename(connection, request, nick, fold, deadline)
        if reply is not None:
            _answer(connection, request, nick, fold, reply, charges)
    except CallFailed as failure:
        # After `unavailable` it may have been done all the same.
        if failure.why is not Unavailable.UNREACHABLE:
            presence.give_back(charges)
        raise
    finally:
        for member in connection.session.rooms.values():
            member.room.resume(member)


def _answer(
    connection: ClientConnection,
    request: SetNick,
    nick: str,
    fold: str,
    reply: NickReply | AccountDenied,
    charges: presence.Charges,
) -> None:
    if isinstance(reply, Denied):
        presence.give_back(charges)
        _refuse(connection, request, nick, reply)
        return
    old, at = reply
    if old == nick:
        presence.give_back(charges)
    connection.session.rename(nick, fold)
    connection.send(Renamed(ref=request.ref, nick=nick, from_=old, at=at))


def _rename(
    connection: ClientConnection, request: SetNick, nick: str, fold: str, deadline: float
) -> Steps[NickReply | AccountDenied | None]:
    """Return the old nick and the time, or why the nick stays; None: nobody wants to know."""
    denied = yield from account_auth.prove(connection, request, fold, deadline)
    if denied is not None:
        return denied
    if connection.is_over:
        return None
    # The client's own entries may come before the broker's reply, but they follow the answer.
    for member in connection.session.rooms.values():
        member.room.stop(member)
    rename, token = connection.services.broker.rename, connection.session.token
    settle = partial(_settle, connection)
    return (yield from ask(rename, token, nick, fold, deadline, settle=settle))


def _refuse(
    connection: ClientConnection,
    request: SetNick,
    nick: str,
    denied: NickDenied | AccountDenied,
) -> None:
    match denied:
        case Denied.TAKEN:
            text = f"The nick {nick} is taken, or looks like one that is."
            connection.error(Code.NICK_TAKEN, text, request.ref)
        case Denied.BANNED:
            connection.error(*banned(connection, nick), request.ref)
        case Denied.GUARDED:
            account_auth.refused(connection, request)
        case _:
            assert_never(denied)


def _settle(connection: ClientConnection, state: SessionState | None) -> None:
    """Tell a client that it has another nick after all."""
    session = connection.session
    if state is not None and state.nick != session.nick:
        old = session.nick
        session.rename(state.nick, names.claims(state.nick))
        connection.send(Renamed(nick=session.nick, from_=old, at=state.at))
