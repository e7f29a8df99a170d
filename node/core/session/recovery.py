"""What became of a change that was answered `unavailable`: it may have been done all the same.

The session's next requests wait until that is known; where the change was done, the client is told
what it should have been answered, without the `ref`.
"""

from collections.abc import Callable
from functools import partial

from node.core.model import FencingToken, Refused, SessionState
from node.core.session.session import Session
from node.core.session.states import State

Settle = Callable[[SessionState | None], None]
"""Takes how the session stands; None: that is not to be known, and it stands as it was."""


def doubt(session: Session, settle: Settle) -> None:
    """Find out how a session stands before anything else is done for it."""
    session.doubtful = True
    _ask(session, settle)


def _ask(session: Session, settle: Settle) -> None:
    done = partial(_on_standing, session, session.hold, settle)
    session.hub.broker.standing(session.hold, done)


def _on_standing(
    session: Session, asked: FencingToken, settle: Settle, reply: SessionState | Refused
) -> None:
    if session.state is State.ENDED:
        return
    if reply is Refused.GONE and not session.owed:
        # It has to be ours again first; or it is over, and then this one ends.
        if asked == session.hold and not session.restoring:
            session.hub.recover(session)
        _ask(session, settle)
        return
    if reply is Refused.UNAVAILABLE:
        _ask(session, settle)
        return
    settle(None if isinstance(reply, Refused) else reply)
    session.certain()
