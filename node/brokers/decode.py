"""What Redis answers and tells, as the words of the core's ports. Pure."""

import re
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import msgspec

from node.brokers.malformed import WRONG, Malformed, reading
from node.core.entries import Compared, Entry, Frame, Position, Slice
from node.core.model import (
    Claimed,
    FencingToken,
    Membership,
    ModerationRule,
    PendingMessage,
    Refused,
    SessionState,
    Stored,
)

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
"""What scripts answer instead of `ok`."""


def _string(part: Any) -> bytes:
    """Return what has to be a string; ``bytes`` of a number would be as many zeros."""
    if not isinstance(part, bytes):
        raise TypeError
    return part


@reading
def whoami(reply: Any) -> tuple[bytes, bytes]:
    """Return id and address of a connection, as CLIENT INFO tells them."""
    told = dict(part.split(b"=", 1) for part in reply.split())
    return told[b"id"], told[b"addr"]


@reading
def refusal(reply: Any) -> Refused | None:
    """Return why a script did not do what it was asked, None if it did."""
    return None if reply[0] == b"ok" else REFUSALS[reply[0]]


_HEAD = rb"\w+ \w+ \d{1,16} [^ \n]+(?:(?: \w+-\d{1,16} \d{1,16})+(?: [^\n]*)?)?"
_head = re.compile(_HEAD).fullmatch
_frame = re.compile(
    rb"log ([^ \n]+) (\w+) ([1-9]\d{0,15}) (\w+)(?: (\w+)(?: [^\n]*)?)?(?:\n%b\n[^\n]*)+" % _HEAD
).fullmatch
_word = re.compile(rb"\w+").fullmatch


def frame(payload: bytes) -> Frame:
    """Return the frame in a message of a channel (its layout stands in scripts/common.lua).

    A node of a later version may have written it: what stands behind is none of ours.
    """
    try:
        if (found := _frame(payload)) is None:
            raise Malformed("frame")
        log, offset = found[1].decode(), int(found[3])
    except WRONG as error:
        raise Malformed("frame") from error
    lines = payload.split(b"\n")
    entries = [
        Entry(offset + number, lines[place], lines[place + 1])
        for number, place in enumerate(range(1, len(lines) - 1, 2))
    ]
    return Frame(log, found[2], offset, found[4], entries, found[5] or found[2])


@reading
def log_of(payload: bytes) -> str:
    """Return the log that a frame is of, also if the rest of it is malformed."""
    return payload.split(b"\n", 1)[0].split(b" ")[1].decode()


@reading
def entries(rows: list[Any]) -> list[Entry]:
    """Return the entries in the reply to XRANGE; one that no node has written is no news.

    It keeps its place, so that offsets follow each other, and has an id that all nodes give it.
    """
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    offset = int(row[0].partition(b"-")[0])
    fields = row[1]
    if len(fields) >= 4 and fields[0] == b"h" and fields[2] == b"b" and _head(fields[1]):
        return Entry(offset, fields[1], fields[3])
    return Entry(offset, b"? x%d 0 -" % offset, b"")


@reading
def slice_of(reply: list[Any]) -> Slice:
    """Return the part of a log that read.lua or tail.lua found."""
    if len(reply) == 1:
        return Slice(False, None, [])
    status, epoch, top, id, branch, moved, rows, fork, lost = reply
    if not (_word(epoch) and _word(id) and _word(branch)) or (lost and not _word(lost)):
        raise ValueError
    position = Position(epoch, int(top), id)
    return Slice(status == b"on", position, entries(rows), branch, int(moved), int(fork), lost)


@reading
def compared(reply: list[Any]) -> Compared | None:
    """Return what compare.lua found."""
    if not reply:
        return None
    epoch, top, id, branch, oldest, oldest_id, common, trimmed = reply
    if not (_word(epoch) and _word(id) and _word(branch)) or (oldest and not _word(oldest_id)):
        raise ValueError
    numbers = int(common), int(trimmed)
    return Compared(Position(epoch, int(top), id), branch, int(oldest), oldest_id, *numbers)


class Page(NamedTuple):
    """What history.lua tells; ``rest`` is the position from which to go on, if it is not all."""

    epoch: bytes
    entries: list[Entry]
    more: bool
    rest: bytes


@reading
def page(reply: Any) -> Page:
    """Return the messages that history.lua found."""
    epoch, more, rows, *rest = reply
    found = [entry for entry in entries(rows) if entry.kind == b"m"]
    if epoch and not _word(epoch):
        raise ValueError
    return Page(epoch, found, more == 1, _string(rest[0]) if rest else b"")


@reading
def members(reply: Any) -> tuple[list[str], bool]:
    """Return nicks and whether there are more, as members.lua tells them."""
    return [nick.decode() for nick in reply[1:]], reply[0] == 1


@reading
def rooms(reply: Any) -> tuple[list[tuple[str, int]], bool]:
    """Return rooms with their sizes and whether there are more, as rooms.lua tells them."""
    pairs = zip(reply[1::2], reply[2::2], strict=True)
    return [(name.decode(), int(count)) for name, count in pairs], reply[0] == 1


@reading
def kept(remembered: bytes) -> Stored:
    """Return what is remembered of a message: "AT LOG POSITION TO"."""
    at, log, position, *to = remembered.decode().split(" ")
    return Stored(log, position, int(at), to[0] if to else "")


def is_head(text: Any) -> bool:
    """Say whether something is the head of an entry."""
    return text.__class__ is bytes and _head(text) is not None


def _told(result: Any) -> Stored:
    """Return what is told of a message that is in the log already, perhaps with its entry."""
    if result.__class__ is bytes:
        return kept(result)
    remembered, offset, head, body = result
    if not (is_head(head) and offset.__class__ is int and body.__class__ is bytes):
        raise ValueError
    return kept(remembered)


Published = tuple[bytes, bytes, bytes, list[Any], list[Stored | Refused]]
"""Epoch, at, prev and results as publish.lua tells them, and the answers for the authors."""


def published(reply: Any, log: str, posts: Sequence[PendingMessage]) -> Published | None:
    """Return what became of messages, as publish.lua tells it; None: the log was rewound."""
    try:
        if reply[0] == b"rewound":
            return None
        _, epoch, at, prev, *results = reply
        if prev.__class__ is not bytes or not results:
            raise ValueError
        place, time = epoch.decode(), int(at)
        answers = [
            (
                _told(result)
                if result.__class__ is not int  # said with no call, for each message
                else (
                    Stored(log, f"{place}-{result}-{post.id.decode()}", time, "")
                    if result
                    else Refused.GONE
                )
            )
            for post, result in zip(posts, results, strict=True)
        ]
    except WRONG as error:
        raise Malformed("published") from error
    return epoch, at, prev, results, answers


@reading
def looked(reply: Any, posts: Sequence[PendingMessage]) -> tuple[Position, list[Stored | None]]:
    """Return up to where publish.lua has looked for messages, and what it found of each."""
    _, epoch, offset, *results = reply
    found = [_told(result) if result else None for _, result in zip(posts, results, strict=True)]
    return Position(_string(epoch), int(offset), b""), found


def position(text: bytes) -> Position | None:
    """Return the position that a script wrote."""
    return Position.parse(text.decode()) if text else None


@reading
def membership(room: bytes, found: Any) -> Membership:
    """Return a place in a room, as join.lua tells it."""
    _, position, members, created, quiet, *_ = found
    if Position.parse(position.decode()) is None:
        raise ValueError
    return Membership(room.decode(), position.decode(), int(members), bool(created), bool(quiet))


def _memberships(rooms: Any) -> list[Membership]:
    """Return places as hello.lua and standing.lua tell them: the former has one field more where
    a room was entered just now."""
    return [
        membership(room, (None, *rest))._replace(entered=len(rest) > len(Membership._fields) - 2)
        for room, *rest in rooms
    ]


@reading
def claimed(found: Any) -> Claimed:
    """Return what hello.lua tells of a session that has begun, or goes on."""
    _, resumed, nick, claim, inbox, _, refused, *rooms = found
    names = [room.decode() for room in refused]
    memberships = _memberships(rooms)
    return Claimed(bool(resumed), nick.decode(), int(claim), position(inbox), names, memberships)


@reading
def standing(found: Any) -> SessionState:
    """Return how a session stands, as standing.lua tells it."""
    return SessionState(found[1].decode(), int(found[2]), _memberships(found[3:]))


@reading
def newest(reply: Any) -> tuple[bytes, bytes]:
    """Return the id of the newest change to the orders, and the cursor for the next of them."""
    return _string(reply[0]), _string(reply[1])


@reading
def tops(reply: Any, count: int) -> list[tuple[Position, int]]:
    """Return newest position and number of members of so many logs, as tops.lua tells them."""
    rows = [reply[place : place + 4] for place in range(0, 4 * count, 4)]
    return [
        (Position(_string(epoch), int(top or 0), _string(id)), int(members))
        for epoch, top, id, members in rows
    ]


@reading
def orders(found: list[Any], now: float) -> list[ModerationRule]:
    """Return the orders in the reply of orders.lua, which tells how long each still holds."""
    return [_order(found[place : place + 4], now) for place in range(2, len(found), 4)]


def _order(row: list[Any], now: float) -> ModerationRule:
    field, left, epoch, why = row
    kind, _, what = field.decode().partition(":")
    until = now + int(left) / 1000 if int(left) else inf
    return ModerationRule(kind, what, until, epoch, _text(why) if why else "")


_text: Callable[[bytes], str] = msgspec.json.Decoder(str).decode


class _Announcement(msgspec.Struct):
    text: str
    room: str | None
    at: int


_announcement = msgspec.json.Decoder(_Announcement).decode


@reading
def announcement(payload: bytes) -> tuple[str, str | None, int]:
    """Return text, room (None: everybody is meant) and time of what a moderator announces."""
    found = _announcement(payload)
    return found.text, found.room, found.at


@reading
def moved(rest: bytes) -> FencingToken:
    """Return the hold on a session that has moved."""
    session, owner, *_ = rest.decode().split(" ")
    return FencingToken(session, owner)


@reading
def probe(rest: bytes) -> int:
    """Return when a probe was sent."""
    return int(rest.partition(b" ")[0][:18])


@reading
def holds(reply: Any) -> tuple[bytes, list[FencingToken]]:
    """Return the holds that held.lua lists, and the cursor for the next of them."""
    cursor, *rows = reply
    listed = zip(rows[::2], rows[1::2], strict=True)
    return _string(cursor), [
        FencingToken(session.decode(), owner.decode()) for session, owner in listed
    ]


@reading
def left(reply: Any) -> tuple[str, int] | None:
    """Return position and time of a `left`, None in a quiet room, as leave.lua tells it."""
    return (reply[1].decode(), int(reply[2])) if reply[1] else None


@reading
def renamed(reply: Any) -> tuple[str, int]:
    """Return the old nick and the time, as nick.lua tells it."""
    return reply[1].decode(), int(reply[2])


@reading
def reaped(reply: Any) -> tuple[int, int, int, bool]:
    """Return what reap.lua has ended, and whether there is more."""
    orphans, ended, closed, more = map(int, reply)
    return orphans, ended, closed, bool(more)


@reading
def healed(reply: Any) -> int:
    """Return how many entries heal.lua has put back."""
    return int(reply[1])


@reading
def sections(reply: Any) -> tuple[bytes, bytes]:
    """Return the two sections of INFO that look.lua tells."""
    memory, persistence = reply
    return _string(memory), _string(persistence)


@reading
def changes(reply: Any, place: int) -> int:
    """Return the number of changes that a reply tells."""
    return int(reply[place])


class Renewal(NamedTuple):
    """What renew.lua tells of a lease that is renewed."""

    status: bytes
    changes: int
    time: int
    ordered: bytes
    here: int
    nameless: int
    doubt: int
    step: int
    before: float


@reading
def renewed(reply: Any) -> Renewal:
    """Return what renew.lua tells."""
    status, *rest = reply
    if status in (b"dead", b"format"):
        return Renewal(status, 0, 0, _string(rest[0]) if rest else b"", 0, 0, 0, 0, 0.0)
    changes, time, ordered, here, nameless, doubt, step, before = rest
    return Renewal(
        *(_string(status), int(changes), int(time), _string(ordered), int(here), int(nameless)),
        *(int(doubt), int(step), float(before or 0)),
    )
