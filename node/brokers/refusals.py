"""The names by which scripts refuse what they are asked, instead of answering `ok`."""

from typing import Any

from node.brokers.malformed import reading
from node.core.model import Refused

REFUSALS = {
    b"taken": Refused.TAKEN,
    b"nameless": Refused.NAMELESS,
    b"stale": Refused.STALE,
    b"unhealed": Refused.UNHEALED,
    b"exists": Refused.EXISTS,
    b"missing": Refused.MISSING,
    b"nobody": Refused.NOBODY,
    b"gone": Refused.GONE,
    b"kicked": Refused.KICKED,
    b"banned": Refused.BANNED,
    b"again": Refused.AGAIN,
    b"foreign": Refused.UNAVAILABLE,
}


@reading
def refusal(reply: Any) -> Refused | None:
    """Return why a script refused; None if it did what it was asked."""
    return None if reply[0] == b"ok" else REFUSALS[reply[0]]
