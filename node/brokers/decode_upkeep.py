"""Reads what Redis answers and publishes about nodes, leases and moderation. Pure.

Each function raises one of ``malformed.WRONG`` where data do not have the shape that it expects.
"""

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

import msgspec

from node.brokers.malformed import string
from node.core.entries import Position
from node.core.model import FencingToken, ModerationRule


class Renewal(NamedTuple):
    """The reply of renew.lua, which describes its fields."""

    status: bytes
    changes: int
    time: int
    ordered: bytes
    here: int
    nameless: int
    doubt: int
    step: int
    before: float


def renewed(reply: Any) -> Renewal:
    """Return the state of a lease and of the data, as renew.lua returns it."""
    status, *rest = reply
    if status in (b"dead", b"format"):
        return Renewal(status, 0, 0, string(rest[0]) if rest else b"", 0, 0, 0, 0, 0.0)
    changes, time, ordered, here, nameless, doubt, step, before = rest
    return Renewal(
        *(string(status), int(changes), int(time), string(ordered), int(here), int(nameless)),
        *(int(doubt), int(step), float(before or 0)),
    )


def tokens(reply: Any) -> tuple[bytes, list[FencingToken]]:
    """Return the cursor for the next page, and the fencing tokens that held.lua lists."""
    cursor, *rows = reply
    listed = zip(rows[::2], rows[1::2], strict=True)
    return string(cursor), [
        FencingToken(session.decode(), owner.decode()) for session, owner in listed
    ]


def moved(rest: bytes) -> FencingToken:
    """Return the former fencing token of a session that has moved."""
    session, owner, *_ = rest.decode().split(" ")
    return FencingToken(session, owner)


def probe(rest: bytes) -> int:
    """Return when a probe was sent, in microseconds of its node's clock."""
    return int(rest.partition(b" ")[0][:18])


def head(reply: Any) -> tuple[Position, int]:
    """Return newest position and number of members of a log, as top.lua returns them."""
    epoch, top, id, members = reply
    return Position(string(epoch), int(top or 0), string(id)), int(members)


def reaped(reply: Any) -> tuple[int, int, int, bool]:
    """Return how much reap.lua has ended of each kind, and whether there is more to do."""
    orphans, ended, closed, more = map(int, reply)
    return orphans, ended, closed, bool(more)


def newest(reply: Any) -> tuple[bytes, bytes]:
    """Return the id of the newest change to the rules, and the cursor for the next page."""
    return string(reply[0]), string(reply[1])


def moderation_rules(found: list[Any], now: float) -> list[ModerationRule]:
    """Return the rules in the reply of orders.lua, which says how long each is still in force."""
    return [_rule(found[place : place + 4], now) for place in range(2, len(found), 4)]


def _rule(row: list[Any], now: float) -> ModerationRule:
    field, left, birth, why = row
    kind, _, what = field.decode().partition(":")
    until = now + int(left) / 1000 if int(left) else inf
    return ModerationRule(kind, what, until, birth, _text(why) if why else "")


def restored_rules(reply: Any) -> int:
    """Return how many rules reorder.lua has put back."""
    return int(reply[1])


_text: Callable[[bytes], str] = msgspec.json.Decoder(str).decode


class _Announcement(msgspec.Struct):
    text: str
    room: str | None
    at: int


_announcement = msgspec.json.Decoder(_Announcement).decode


def announcement(payload: bytes) -> tuple[str, str | None, int]:
    """Return text, room (None: for everybody) and time of a moderator's announcement."""
    found = _announcement(payload)
    return found.text, found.room, found.at


def whoami(reply: Any) -> tuple[bytes, bytes]:
    """Return id and address of a connection, as CLIENT INFO shows them."""
    fields = dict(part.split(b"=", 1) for part in reply.split())
    return fields[b"id"], fields[b"addr"]


def sections(reply: Any) -> tuple[bytes, bytes]:
    """Return the two sections of INFO that look.lua returns."""
    memory, persistence = reply
    return string(memory), string(persistence)
