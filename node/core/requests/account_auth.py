"""Nicks of accounts: a session gets one only after its password, or goes on with it by its key."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from node.core.model import Claim, Claimed, Done, Refused
from node.core.names import names
from node.core.session.session import Session
from wire.errors import Code
from wire.messages import Hello, SetNick

TRIES = 5
"""Wrong passwords of a connection after which no other one is looked at."""


def claim(
    session: Session, request: Hello, claim: Claim, deadline: float, done: Done[Claimed]
) -> None:
    """Begin or continue a session; where it begins with the nick of an account, ask for proof."""
    broker = session.hub.broker
    if _account(session, claim.fold) is None:
        broker.claim(claim, deadline, done)
        return

    def begin() -> None:
        broker.claim(claim, deadline, done)

    def found(reply: Claimed | Refused) -> None:
        if reply is Refused.NAMELESS:
            prove(session, request, claim.fold, deadline, begin, done)
        else:
            done(reply)

    if claim.keyed:
        # Who goes on by the session's key has shown the password before.
        broker.claim(replace(claim, nick="", fold=""), deadline, found)
    else:
        prove(session, request, claim.fold, deadline, begin, done)


def prove(
    session: Session,
    request: Hello | SetNick,
    fold: str,
    deadline: float,
    go: Callable[[], None],
    refuse: Callable[[Refused], None],
) -> None:
    """Go on if a request may have its nick, at once unless it is another account's."""
    accounts, account = session.hub.accounts, _account(session, fold)
    if accounts is None or account is None or _has(session, account):
        go()
        return

    def judged(verdict: bool | Refused) -> None:
        if not isinstance(verdict, Refused):
            session.hub.counts.proved(verdict)
        if verdict is True:
            go()
        else:
            session.wrong += verdict is False
            refuse(Refused.GUARDED if verdict is False else verdict)

    if request.password is None or session.wrong >= TRIES:
        refuse(Refused.GUARDED)
    else:
        accounts.prove(account, request.password, deadline, judged, session.outlet.address)


def refused(session: Session, request: Hello | SetNick) -> None:
    """Say that a nick belongs to an account; who cannot prove it may take another one."""
    text = f"The nick {request.nick} belongs to an account, or looks like one that does. "
    if session.wrong >= TRIES:
        text += "There were too many wrong passwords: connect again, or take another nick."
    elif request.password is None:
        text += "Give its password too, or take another nick."
    else:
        text += "This is not its password."
    session.error(Code.NICK_TAKEN, text, request.ref, account=True)


def proven(session: Session, nicks: list[str], fold: Callable[[str], str]) -> list[str] | None:
    """Return those of some members that are accounts' own nicks, None where there are no accounts.

    Nobody but their owners gets these.
    """
    accounts = session.hub.accounts
    if accounts is None:
        return None
    found = [(nick, accounts.account_of(fold(nick))) for nick in nicks]
    return [nick for nick, account in found if account is not None and fold(account) == fold(nick)]


def _has(session: Session, account: str) -> bool:
    """Say whether a session has the very nick of an account: who has one like it may not be its
    owner, but have had it before there was the account."""
    held = session.fold.partition(" ")[0] if session.hold.session else ""
    return held == names.fold(account)


def _account(session: Session, fold: str) -> Any:
    accounts = session.hub.accounts
    return accounts.account_of(fold) if accounts is not None and fold else None
