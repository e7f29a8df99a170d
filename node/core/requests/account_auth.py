"""Nicks of accounts: a session gets one with its password, or keeps it with the session's key."""

from collections.abc import Callable
from dataclasses import replace

from node.core.model import AccountDenied, Claim, ClaimReply, Denied
from node.core.names import names
from node.core.requests.stepwise import Steps, ask
from node.core.session.connection import ClientConnection
from wire.errors import Code
from wire.messages import Hello, SetNick


def claim(
    connection: ClientConnection, request: Hello, claim: Claim, deadline: float
) -> Steps[ClaimReply | AccountDenied]:
    """Begin or continue a session; a session that begins with an account's nick needs a proof."""
    broker = connection.services.broker
    if _account(connection, claim.fold) is not None:
        if claim.keyed:
            # A client that continues by the session's key has given the password before.
            nameless = replace(claim, nick="", fold="")
            reply = yield from ask(broker.claim, nameless, deadline)
            if reply is not Denied.NAMELESS:
                return reply
        refused = yield from prove(connection, request, claim.fold, deadline)
        if refused is not None:
            return refused
    return (yield from ask(broker.claim, claim, deadline))


def prove(
    connection: ClientConnection, request: Hello | SetNick, fold: str, deadline: float
) -> Steps[AccountDenied | None]:
    """Return None if a request may have its nick, else why not."""
    account = _account(connection, fold)
    if account is None or _has(connection, account):
        return None
    if request.password is None or not connection.quota.may_guess:
        return Denied.GUARDED
    accounts, address = connection.services.accounts, connection.transport.address
    assert accounts is not None
    proved = yield from ask(accounts.prove, account, request.password, address, deadline)
    connection.services.counts.proved(proved)
    if proved:
        return None
    connection.quota.wrong_password()
    connection.transport.log("wrong password", request.nick)
    return Denied.GUARDED


def refused(connection: ClientConnection, request: Hello | SetNick) -> None:
    """Answer that a nick belongs to an account, and what would help."""
    text = f"The nick {request.nick} belongs to an account, or looks like one that does. "
    if not connection.quota.may_guess:
        text += "There were too many wrong passwords: reconnect, or choose another nick."
    elif request.password is None:
        text += "Send its password too, or choose another nick."
    else:
        text += "The password is wrong."
    connection.error(Code.NICK_TAKEN, text, request.ref, account=True)


def proven(
    connection: ClientConnection, nicks: list[str], fold: Callable[[str], str]
) -> list[str] | None:
    """Return those of some members that are accounts' own nicks, None where there are no accounts.

    Only the owner of an account gets its own nick.
    """
    accounts = connection.services.accounts
    if accounts is None:
        return None
    found = [(nick, accounts.account_of(fold(nick))) for nick in nicks]
    return [nick for nick, account in found if account is not None and fold(account) == fold(nick)]


def _has(connection: ClientConnection, account: str) -> bool:
    """Say whether a session has the very nick of an account.

    A session that has one like it may not be its owner's: it may have had it before there was the
    account.
    """
    session = connection.session
    held = session.fold.partition(" ")[0] if session.token.session else ""
    return held == names.fold(account)


def _account(connection: ClientConnection, fold: str) -> str | None:
    accounts = connection.services.accounts
    return accounts.account_of(fold) if accounts is not None and fold else None
