"""Another nick for a session."""

from functools import partial

from node.core.model import Refused, SessionState
from node.core.names import names
from node.core.requests import account_auth, presence
from node.core.requests.replies import banned, failed
from node.core.requests.stepwise import Steps, stepwise, strand
from node.core.session.connection import ClientConnection
from wire.errors import Code
from wire.messages import Renamed, SetNick


@stepwise
def nick(connection: ClientConnection, request: SetNick, deadline: float) -> Steps[None]:
    try:
        nick, fold = names.take(request.nick)
    except names.BadName as error:
        connection.error(Code.BAD_NICK, str(error), request.ref)
        return
    charges = presence.charge_nick(connection, request)
    if charges is None:
        return
    session = connection.session
    reply: tuple[str, int] | Refused | None
    reply = yield from account_auth.prove(connection, request, fold, deadline)
    if reply is None:
        if connection.is_over:
            return
        rename = connection.services.broker.rename
        reply = yield partial(rename, session.token, nick, fold, deadline)
    assert reply is not None
    # After `unavailable` it may have been done all the same.
    if reply is not Refused.UNAVAILABLE and (isinstance(reply, Refused) or reply[0] == nick):
        presence.give_back(charges)
    if reply is Refused.GONE:
        reply = yield strand(connection, request, deadline)
    if isinstance(reply, Refused):
        _refuse(connection, request, nick, reply)
    else:
        session.rename(nick, fold)
        connection.send(Renamed(ref=request.ref, nick=nick, from_=reply[0], at=reply[1]))


def _refuse(connection: ClientConnection, request: SetNick, nick: str, refused: Refused) -> None:
    if refused is Refused.TAKEN:
        text = f"The nick {nick} is taken, or one that looks like it."
        connection.error(Code.NICK_TAKEN, text, request.ref)
    elif refused is Refused.BANNED:
        connection.error(*banned(connection, nick), request.ref)
    elif refused is Refused.GUARDED:
        account_auth.refused(connection, request)
    else:
        failed(connection, request, refused)
        if refused is Refused.UNAVAILABLE:
            connection.recovery.reconcile(partial(_settle, connection))


def _settle(connection: ClientConnection, state: SessionState | None) -> None:
    """Tell a client that it has another nick after all."""
    session = connection.session
    if state is not None and state.nick != session.nick:
        old = session.nick
        session.rename(state.nick, names.claims(state.nick))
        connection.send(Renamed(nick=session.nick, from_=old, at=state.at))
