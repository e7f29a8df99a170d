"""What Redis answers and tells, as the words of the core's ports. Pure."""

from typing import Any

from node.core.ports import Entry, Frame, Position, Slice


def frame(payload: bytes) -> Frame:
    """Return the frame in a message of a channel (its layout stands in scripts/common.lua).

    A node of a later version may have written it: what stands behind is none of ours.
    """
    lines = payload.split(b"\n")
    _, log, epoch, first, prev, *_ = lines[0].split(b" ")
    offset = int(first)
    entries = [
        Entry(offset + number, lines[place], lines[place + 1])
        for number, place in enumerate(range(1, len(lines) - 1, 2))
    ]
    return Frame(log.decode(), epoch, offset, prev, entries)


def entries(rows: list[Any]) -> list[Entry]:
    """Return the entries in the reply to XRANGE."""
    return [Entry(int(row[0][:-2]), row[1][1], row[1][3]) for row in rows]


def slice_of(reply: list[Any]) -> Slice:
    """Return the part of a log that read.lua or tail.lua found."""
    if len(reply) == 1:
        return Slice(False, None, [])
    status, epoch, top, id, rows = reply
    return Slice(status == b"on", Position(epoch, int(top), id), entries(rows))


def position(text: bytes) -> Position | None:
    """Return the position that a script wrote."""
    return Position.parse(text.decode()) if text else None
