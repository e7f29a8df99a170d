"""The names by which scripts refuse what they are asked, instead of answering `ok`."""

from typing import Any

from node.core.model import Denied, Failure, Fenced, Unavailable

REFUSALS: dict[bytes, Denied | Failure] = {
    b"taken": Denied.TAKEN,
    b"nameless": Denied.NAMELESS,
    b"stale": Fenced.STALE,
    b"unhealed": Fenced.UNHEALED,
    b"exists": Denied.EXISTS,
    b"missing": Denied.MISSING,
    b"nobody": Denied.NOBODY,
    b"gone": Fenced.GONE,
    b"kicked": Denied.KICKED,
    b"banned": Denied.BANNED,
    b"again": Fenced.AGAIN,
    b"foreign": Unavailable.UNREACHABLE,
}


def refusal(reply: Any) -> Denied | Failure | None:
    """Return why a script refused; None if it did what it was asked."""
    return None if reply[0] == b"ok" else REFUSALS[reply[0]]
