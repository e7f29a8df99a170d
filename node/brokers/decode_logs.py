"""Reads what Redis answers and publishes about logs. Pure.

Each function raises one of ``malformed.WRONG`` where data do not have the shape that it expects.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from node.brokers.malformed import string
from node.core.entries import Append, Compared, Entry, Frame, Position, Slice
from node.core.model import Fenced, PendingMessage, Stored

_HEAD = rb"\w+ \w+ \d{1,16} [^ \n]+(?:(?: \w+-\d{1,16} \d{1,16})+(?: [^\n]*)?)?"
_head = re.compile(_HEAD).fullmatch
_frame = re.compile(
    rb"log ([^ \n]+) (\w+) ([1-9]\d{0,15}) (\w+)(?: (\w+)(?: [^\n]*)?)?(?:\n%b\n[^\n]*)+" % _HEAD
).fullmatch
_word = re.compile(rb"\w+").fullmatch


def frame(payload: bytes) -> Frame:
    """Return the frame in a message of a channel (scripts/parts/head.lua describes its layout).

    A node of a later version may have added fields; they are ignored.
    """
    if (found := _frame(payload)) is None:
        raise ValueError
    log, offset = found[1].decode(), int(found[3])
    lines = payload.split(b"\n")
    entries = [
        Entry(offset + number, lines[place], lines[place + 1])
        for number, place in enumerate(range(1, len(lines) - 1, 2))
    ]
    return Frame(log, found[2], offset, found[4], entries, found[5] or found[2])


def notice(payload: Any) -> Append:
    """Return the notice that a call has appended, by its frame in the reply."""
    found = frame(string(payload))
    return Append(found, Position(found.epoch, found.first - 1, found.prev), guarded=False)


def log_of(payload: bytes) -> str:
    """Return the log that a frame belongs to, even if the rest of the frame is malformed."""
    return payload.split(b"\n", 1)[0].split(b" ")[1].decode()


def entries(rows: list[Any]) -> list[Entry]:
    """Return the entries in the reply to XRANGE.

    An entry that no node has written is shown to nobody. It keeps its offset, so that there is no
    hole, and gets an id that is the same on all nodes.
    """
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    offset = int(row[0].partition(b"-")[0])
    fields = row[1]
    if len(fields) >= 4 and fields[0] == b"h" and fields[2] == b"b" and _head(fields[1]):
        return Entry(offset, fields[1], fields[3])
    return Entry(offset, b"? x%d 0 -" % offset, b"")


def slice_of(reply: list[Any]) -> Slice:
    """Return the part of a log that read.lua or tail.lua found."""
    if len(reply) == 1:
        return Slice(False, None, [])
    status, epoch, top, id, branch, moved, rows, fork, lost = reply
    if not (_word(epoch) and _word(id) and _word(branch)) or (lost and not _word(lost)):
        raise ValueError
    position = Position(epoch, int(top), id)
    return Slice(status == b"on", position, entries(rows), branch, int(moved), int(fork), lost)


def allowed(reply: Any) -> bytes:
    """Return the birth of a room whose log may be put back, as mayheal.lua returns it."""
    return string(reply[1])


def compared(reply: list[Any]) -> Compared | None:
    """Return what a log has in common with what a node knows, as compare.lua found it."""
    if not reply:
        return None
    epoch, top, id, branch, oldest, oldest_id, common, trimmed = reply
    if not (_word(epoch) and _word(id) and _word(branch)) or (oldest and not _word(oldest_id)):
        raise ValueError
    numbers = int(common), int(trimmed)
    return Compared(Position(epoch, int(top), id), branch, int(oldest), oldest_id, *numbers)


class Page(NamedTuple):
    """The reply of history.lua; ``rest`` is where to go on reading, if the page is incomplete."""

    epoch: bytes
    entries: list[Entry]
    more: bool
    rest: bytes


def page(reply: Any) -> Page:
    """Return the messages that history.lua found."""
    epoch, more, rows, *rest = reply
    found = [entry for entry in entries(rows) if entry.kind == b"m"]
    if epoch and not _word(epoch):
        raise ValueError
    return Page(epoch, found, more == 1, string(rest[0]) if rest else b"")


def healed(reply: Any) -> int:
    """Return how many entries heal.lua has put back."""
    return int(reply[1])


def stored(remembered: bytes) -> Stored:
    """Return where a message is stored, as scripts remember it: "AT LOG POSITION TO"."""
    at, log, position, *to = remembered.decode().split(" ")
    return Stored(log, position, int(at), to[0] if to else "")


def _is_head(text: Any) -> bool:
    return text.__class__ is bytes and _head(text) is not None


Repeated = tuple[Stored, Append | None]


def repeated(found: list[Any]) -> Repeated:
    """Return where a message is stored, and its entry if the reply to a repeat contains it."""
    remembered = stored(found[0])
    place = Position.parse(remembered.position)
    if place is None or len(found) < 3 or not _is_head(found[1]):
        return remembered, None
    entry = Entry(place.offset, found[1], string(found[2]))
    frame = Frame(remembered.log, place.epoch, place.offset, b"", [entry])
    return remembered, Append(frame, place._replace(offset=place.offset - 1, id=b""))


def sent(found: list[Any]) -> Repeated | None:
    """Return where a message is stored, as sent.lua returns it; None if it is not."""
    return repeated(found) if found else None


def _place(result: Any) -> Stored:
    """Return where a message is that was sent before; its entry may come with the reply."""
    return stored(result) if result.__class__ is bytes else repeated(result)[0]


Published = tuple[bytes, bytes, bytes, list[Any], list[Stored | Fenced]]
"""Epoch, at, prev and results as publish.lua returns them, and the answers for the authors."""


def published(reply: Any, log: str, messages: Sequence[PendingMessage]) -> Published | None:
    """Return what became of messages, as publish.lua returns it; None if the log was rewound."""
    if reply[0] == b"rewound":
        return None
    _, epoch, at, prev, *results = reply
    if prev.__class__ is not bytes or not results:
        raise ValueError
    place, time = epoch.decode(), int(at)
    answers = [
        (
            _place(result)
            if result.__class__ is not int  # without a call, as this is done for each message
            else (
                Stored(log, f"{place}-{result}-{message.id.decode()}", time, "")
                if result
                else Fenced.GONE
            )
        )
        for message, result in zip(messages, results, strict=True)
    ]
    return epoch, at, prev, results, answers


def looked(reply: Any, messages: Sequence[PendingMessage]) -> tuple[Position, list[Stored | None]]:
    """Return up to where publish.lua has looked for messages, and where it found each of them."""
    _, epoch, offset, *results = reply
    found = [
        _place(result) if result else None for _, result in zip(messages, results, strict=True)
    ]
    return Position(string(epoch), int(offset), b""), found
