"""The errors that a client gets, as events."""

from wire.errors import CODES, Code
from wire.messages import Error

RETRY_MS = 1000
"""When to come back, or to ask again, after the broker could not be reached."""
SLOWER = "Too many requests; wait a little."
TOO_SLOW = "The node cannot reach its storage in time; try again."


def error_event(
    code: Code,
    text: str,
    ref: str | None = None,
    id: str | None = None,
    room: str | None = None,
    retry_after: float | None = None,
    account: bool = False,
) -> Error:
    """Return the refusal of a request; ``retry_after`` is in seconds.

    ``account``: a password would help.
    """
    retry_after_ms = None
    if retry_after is not None:
        retry_after_ms = int(retry_after * 1000) + 1
    elif CODES[code].retry and code is Code.UNAVAILABLE:
        retry_after_ms = RETRY_MS
    return Error(
        code=code,
        text=text,
        ref=ref,
        id=id,
        room=room,
        retry_after_ms=retry_after_ms,
        account=account or None,
    )
