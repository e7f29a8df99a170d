"""Whether the token of a session is valid, and what changes that."""

from enum import Enum


class TokenState(Enum):
    """Whether the token of a session is valid."""

    HELD = "it is valid, as far as is known"
    LOST = "a request was refused: the broker is asked whether it forgot the session"
    RESTORING = "the session is being put back; no request was refused for it"
    RECLAIMING = "the session is being put back, and requests that were refused wait for that"
    REGAINED = "the session was put back; replies to requests with the old token are still to come"
    REPEATING = "as REGAINED, but the session is being put back once more"


class Step(Enum):
    """What changes the state of a token."""

    REFUSED = "the broker refused a request for its token"
    RESTORE = "the session is to be put back"
    RESTORED = "the broker has put the session back"
    STOPPED = "the session is not being put back any more, but may be later"
    TAKEN = "the session has ended, or goes on elsewhere"
    SETTLED = "all replies to the old token have come"


NEXT: dict[TokenState, dict[Step, TokenState]] = {
    TokenState.HELD: {Step.REFUSED: TokenState.LOST, Step.RESTORE: TokenState.RESTORING},
    TokenState.LOST: {Step.REFUSED: TokenState.LOST, Step.RESTORE: TokenState.RECLAIMING},
    TokenState.RESTORING: {
        Step.REFUSED: TokenState.RECLAIMING,
        Step.RESTORED: TokenState.REGAINED,
        Step.STOPPED: TokenState.HELD,
        Step.TAKEN: TokenState.HELD,
    },
    TokenState.RECLAIMING: {
        Step.REFUSED: TokenState.RECLAIMING,
        Step.RESTORED: TokenState.REGAINED,
        Step.STOPPED: TokenState.LOST,
        Step.TAKEN: TokenState.HELD,
    },
    TokenState.REGAINED: {
        Step.REFUSED: TokenState.REGAINED,
        Step.RESTORE: TokenState.REPEATING,
        Step.SETTLED: TokenState.HELD,
    },
    TokenState.REPEATING: {
        Step.REFUSED: TokenState.REPEATING,
        Step.RESTORED: TokenState.REGAINED,
        Step.STOPPED: TokenState.REGAINED,
        Step.TAKEN: TokenState.HELD,
    },
}
"""The state after each step; a step that is missing changes nothing."""
