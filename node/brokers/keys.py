"""Keys and channels in Redis, as far as Python names them; scripts/parts/head.lua describes all."""

from collections.abc import Iterable

FORMAT = "chat:format"
CLOCK = "chat:clock"
NODES = "chat:nodes"
NICKS = "chat:nicks"
GRACE = "chat:grace"
ROOMS = "chat:rooms"
RULES = "chat:orders"
DEAD = "chat:dead:"
"""Prefix of the keys that name incarnations whose leases were found to be over."""
SESSIONS_AT = "chat:at:"
"""Prefix of the keys that hold the sessions of each incarnation."""

_LOG = "chat:{"
_CHANNEL_END = "}:live"
_ENDS = {
    **{"hash": "}", "stream": "}:log", "moved": "}:moved", "members": "}:members"},
    **{"back": "}:back", "never": "}:never"},
}
"""How the keys of a log end, by the names that scripts have for them (the line KEYS)."""


def of_log(log: str, names: Iterable[str]) -> list[str]:
    """Return keys of a log, by the names that scripts have for them.

    Nobody ever writes the key ``never``. While a Redis Cluster moves a slot key by key, a call that
    declares one that is not there is refused. So a script that declares it runs before a move or
    after it, but never with half of its keys.
    """
    return [_LOG + log + _ENDS[name] for name in names]


def members_key(log: str) -> str:
    """Return the key of the members of a room, given its log."""
    return _LOG + log + "}:members"


def session_key(session: str) -> str:
    """Return the key of a session's hash."""
    return "chat:session:" + session


def session_rooms_key(session: str) -> str:
    """Return the key of the rooms that a session is in."""
    return "chat:rooms:" + session


def facts_key(incarnation: str) -> str:
    """Return the key of what a node tells moderators about itself."""
    return "chat:about:" + incarnation


def log_channel(log: str) -> bytes:
    """Return the channel of a room's frames, given its log."""
    return f"{_LOG}{log}{_CHANNEL_END}".encode()


def log_of_channel(channel: bytes) -> str | None:
    """Return the log whose frames a channel carries; None for the channel of a node."""
    text = channel.decode()
    if text.startswith(_LOG) and text.endswith(_CHANNEL_END):
        return text[len(_LOG) : -len(_CHANNEL_END)]
    return None


def node_channel(incarnation: str) -> bytes:
    """Return the channel of what concerns one node."""
    return b"chat:node:" + incarnation.encode()
