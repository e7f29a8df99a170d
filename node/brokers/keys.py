"""Keys and channels in Redis, as far as Python names them; scripts/parts/head.lua describes all."""

from collections.abc import Iterable

from node.core.log_names import is_room

FORMAT = "chat:{c}:format"
OLD_FORMAT = "chat:format"
"""Where nodes up to format 1 look for the format."""
MARK = (OLD_FORMAT, f"chat:{{{OLD_FORMAT}}}:never")
"""Keys of the script that shows such nodes the format of the data."""
CONTROL_TAG = "c"
"""Hash tag of all keys about sessions, nodes and moderation."""
CONTROL = (FORMAT, "chat:{c}:never")
"""Keys that a script declares which is about sessions; its others follow from what it reads."""
CLOCK = "chat:{c}:clock"
NODES = "chat:{c}:nodes"
NICKS = "chat:{c}:nicks"
GRACE = "chat:{c}:grace"
BIRTHS = "chat:{c}:births"
OUTS = "chat:{c}:outs"
RULES = "chat:{c}:orders"
DEAD = "chat:{c}:dead:"
"""Prefix of the keys that name incarnations whose leases were found to be over."""
SESSIONS_AT = "chat:{c}:at:"
"""Prefix of the keys that hold the sessions of each incarnation."""

_ROOM = "chat:{r:"
_CHANNEL_END = "}:live"
_ENDS = {"hash": "", "stream": ":log", "moved": ":moved", "members": ":members"}
_ENDS |= {"seats": ":seats", "gone": ":gone"}
"""How the keys of a log end, by the names that scripts have for them (the line KEYS)."""
_TAG_ENDS = {"sents": ":sents", "never": ":never"}
"""How keys end that all inboxes have in common, by such names."""


def of_log(log: str, names: Iterable[str], authors: Iterable[str] = ()) -> list[str]:
    """Return keys of a log, by the names that scripts have for them.

    ``authors``: the sessions for each of which there is a key ``sent``.

    Nobody ever writes the key ``never``. While a Redis Cluster moves a slot key by key, a call that
    declares one that is not there is refused. So a script that declares it runs before a move or
    after it, but never with half of its keys.
    """
    key, tag = (f"chat:{{{log}}}",) * 2 if is_room(log) else (f"chat:{{c}}:{log}", "chat:{c}")
    found: list[str] = []
    for name in names:
        if name == "sent":
            found += [sent_prefix(log) + author for author in authors]
        else:
            found.append(tag + _TAG_ENDS[name] if name in _TAG_ENDS else key + _ENDS[name])
    return found


def waits(tag: str) -> tuple[str, str]:
    """Return the keys of the script that writes something to the server of a hash tag."""
    return f"chat:{{{tag}}}:waits", never(tag)


def never(tag: str) -> str:
    """Return the key of a hash tag that nobody writes (see ``of_log``)."""
    return f"chat:{{{tag}}}:never"


def tag_of(key: str) -> str:
    """Return what decides on the slot of a key: the part in braces, if there is one."""
    _, _, rest = key.partition("{")
    return rest.partition("}")[0] or key


def sent_prefix(log: str) -> str:
    """Return how the keys begin that hold the ids of messages to a room, or else of directs."""
    return f"chat:{{{log}}}:sent:" if is_room(log) else "chat:{c}:sent:"


def session_key(session: str) -> str:
    """Return the key of a session's hash."""
    return "chat:{c}:session:" + session


def session_rooms_key(session: str) -> str:
    """Return the key of the rooms that a session is in."""
    return "chat:{c}:rooms:" + session


def facts_key(incarnation: str) -> str:
    """Return the key of what a node tells moderators about itself."""
    return "chat:{c}:about:" + incarnation


def log_channel(log: str) -> bytes:
    """Return the channel of a room's frames, given its log."""
    return f"chat:{{{log}{_CHANNEL_END}".encode()


def probe_channel(tag: str, incarnation: str) -> bytes:
    """Return the channel by which a node finds out whether a server delivers to it."""
    return f"chat:{{{tag}}}:probe:{incarnation}".encode()


def log_of_channel(channel: bytes) -> str | None:
    """Return the log whose frames a channel carries; None for the channel of a node."""
    text = channel.decode()
    if text.startswith(_ROOM) and text.endswith(_CHANNEL_END):
        return text[len("chat:{") : -len(_CHANNEL_END)]
    return None


def node_channel(incarnation: str) -> bytes:
    """Return the channel of what concerns one node."""
    return b"chat:{c}:node:" + incarnation.encode()
