"""What Redis tells, read: also what a node of a later version wrote."""

import pytest

from node.brokers import decode_logs
from node.brokers.malformed import WRONG
from node.core.entries import Entry, OriginalPosition, Position


def brief(entries: list[Entry]) -> list[tuple[int, bytes, bytes, bytes]]:
    """Return what counts of entries."""
    return [(entry.offset, entry.kind, entry.id, entry.body) for entry in entries]


def test_a_frame_is_read() -> None:
    frame = decode_logs.frame(b"log r:tea k1 7 idp\nm id7 5 s:1\none\nm id8 5 s:2 k0-3 2\ntwo")
    assert (frame.log, frame.epoch, frame.first, frame.prev) == ("r:tea", b"k1", 7, b"idp")
    assert brief(frame.entries) == [(7, b"m", b"id7", b"one"), (8, b"m", b"id8", b"two")]
    assert (
        frame.entries[1].original_positions == [OriginalPosition(b"k0", 3, 2)]
        and frame.branch == b"k1"
    )
    later = decode_logs.frame(b"log r:tea k1 7 idp b2\nm id7 5 - b1-4 3 k1-2 1\none")
    assert later.branch == b"b2"
    assert later.entries[0].original_positions == [
        OriginalPosition(b"b1", 4, 3),
        OriginalPosition(b"k1", 2, 1),
    ]


def test_what_a_later_version_may_add_to_a_frame_is_passed_over() -> None:
    frame = decode_logs.frame(b"log r:tea k1 7 idp b2 more of it\nm id7 5 s:1 k0-3 2 more\none")
    assert (frame.log, frame.epoch, frame.first, frame.prev) == ("r:tea", b"k1", 7, b"idp")
    assert brief(frame.entries) == [(7, b"m", b"id7", b"one")]


def test_what_a_later_version_may_add_to_a_log_is_passed_over() -> None:
    rows = [[b"7-0", [b"h", b"m id7 5 s:1", b"b", b"one", b"x", b"more"]]]
    assert brief(decode_logs.entries(rows)) == [(7, b"m", b"id7", b"one")]
    reply = [b"on", b"k1", b"7", b"id7", b"k1", 0, rows, 0, b""]
    assert decode_logs.slice_of(reply).top == Position(b"k1", 7, b"id7")


def test_a_notice_is_behind_the_entry_that_its_frame_names() -> None:
    frames = [b"log r:tea k1 7 idp b2\ne id7 5 -\none", b"log r:den k2 1 0\ne id8 5 -\none"]
    tea, den = map(decode_logs.notice, frames)
    assert tea.frame == decode_logs.frame(frames[0])._replace(entries=tea.frame.entries)
    assert (tea.base, den.base) == (Position(b"k1", 6, b"idp"), Position(b"k2", 0, b"0"))
    assert not tea.guarded and not den.guarded
    with pytest.raises(WRONG):
        decode_logs.notice(b"frame")
