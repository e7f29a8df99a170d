"""Nicks of accounts: a session gets one with its password, or keeps it with the session's key."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from node.core.model import Claim, Claimed, Refused
from node.core.names import names
from node.core.requests.stepwise import Call, Steps
from node.core.session.connection import ClientConnection
from wire.errors import Code
from wire.messages import Hello, SetNick


def claim(
    connection: ClientConnection, request: Hello, claim: Claim, deadline: float
) -> Steps[Claimed | Refused]:
    """Begin or continue a session; a session that begins with an account's nick needs a proof."""
    broker = connection.services.broker
    if _account(connection, claim.fold) is not None:
        if claim.keyed:
            # A client that continues by the session's key has given the password before.
            nameless = replace(claim, nick="", fold="")
            reply: Claimed | Refused = yield partial(broker.claim, nameless, deadline)
            if reply is not Refused.NAMELESS:
                return reply
        refused = yield from prove(connection, request, claim.fold, deadline)
        if refused is not None:
            return refused
    reply = yield partial(broker.claim, claim, deadline)
    return reply


def prove(
    connection: ClientConnection, request: Hello | SetNick, fold: str, deadline: float
) -> Steps[Refused | None]:
    """Return None if a request may have its nick, else why not."""
    account = _account(connection, fold)
    if account is None or _has(connection, account):
        return None
    if request.password is None or not connection.quota.may_guess:
        return Refused.GUARDED
    verdict: bool | Refused = yield _check(connection, account, request.password, deadline)
    if isinstance(verdict, Refused):
        return verdict
    connection.services.counts.proved(verdict)
    if verdict:
        return None
    connection.quota.wrong_password()
    return Refused.GUARDED


def _check(connection: ClientConnection, account: str, password: str, deadline: float) -> Call:
    accounts, address = connection.services.accounts, connection.transport.address
    assert accounts is not None
    return lambda done: accounts.prove(account, password, deadline, done, address)


def refused(connection: ClientConnection, request: Hello | SetNick) -> None:
    """Answer that a nick belongs to an account, and what would help."""
    text = f"The nick {request.nick} belongs to an account, or looks like one that does. "
    if not connection.quota.may_guess:
        text += "There were too many wrong passwords: connect again, or take another nick."
    elif request.password is None:
        text += "Give its password too, or take another nick."
    else:
        text += "This is not its password."
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
