"""Moderation rules are read once for each change, and put back when Redis has lost them."""

from typing import Any

import pytest

from node.brokers.moderation_sync import LISTED, ModerationSync
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import ContextBench


class SyncBench(ContextBench):
    """A sync of moderation rules."""

    def __init__(self) -> None:
        super().__init__()
        self.sync = ModerationSync(self.context)

    def read(self, change: bytes, cursor: bytes, *fields: bytes) -> None:
        """Answer a read: these rules are in force for ever."""
        rows: list[Any] = [part for field in fields for part in (field, 0, b"-", b"")]
        self.answer("orders", [change, cursor, *rows])

    def rules(self) -> list[list[str]]:
        """Return what the core was told, and forget it."""
        told, self.events.told = self.events.told, []
        return [[f"{rule.kind}:{rule.what}" for rule in rules] for _, rules in told]


@pytest.fixture
def bench() -> SyncBench:
    return SyncBench()


def test_a_change_is_read_once(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    bench.sync.newest(b"1 a")
    assert bench.names() == ["orders"]
    bench.read(b"1 a", b"0", b"nick:ana")
    assert bench.rules() == [["nick:ana"]]
    bench.sync.newest(b"1 a")
    assert bench.calls == []


def test_all_pages_of_a_change_are_told_together(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    bench.read(b"1 a", b"7", b"nick:ana", b"nick:bo")
    assert bench.rules() == []
    bench.read(b"1 a", b"0", b"nick:bo", b"room:tea")
    assert bench.rules() == [["nick:ana", "nick:bo", "room:tea"]]


def test_pages_of_different_changes_are_not_mixed(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    bench.read(b"1 a", b"7", b"nick:ana")
    bench.read(b"2 b", b"0", b"nick:bo")
    assert bench.rules() == [] and bench.calls[0].args() == (0, b"0", LISTED)
    bench.read(b"2 b", b"0", b"nick:bo")
    assert bench.rules() == [["nick:bo"]]


def test_a_change_during_a_read_is_read_afterwards(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    bench.sync.newest(b"2 b")
    bench.read(b"1 a", b"0", b"nick:ana")
    assert bench.rules() == [["nick:ana"]] and bench.names() == ["orders"]


def test_a_read_that_is_refused_is_made_again_with_the_next_renewal(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    bench.answer("orders", Unavailable.UNREACHABLE)
    assert bench.calls == []
    bench.sync.newest(b"1 a")
    assert bench.names() == ["orders"]


def test_rules_that_redis_has_lost_are_put_back(bench: SyncBench) -> None:
    bench.sync.newest(b"3 c")
    bench.read(b"3 c", b"0", b"nick:ana", b"net:192.0.2.0/24")
    bench.sync.newest(b"")
    bench.read(b"", b"0")
    args = bench.answer("reorder", [b"ok", 1])
    assert args == (
        0,
        "id1",
        3,
        200,
        1000,
        *("nick:ana", 0, b"-", b""),
        *("net:192.0.2.0/24", 0, b"-", b""),
    )
    args = bench.answer("reorder", [b"ok", 1])
    assert args == (0, "id2", 3, 200, 1000, "net:192.0.2.0/24", 0, b"-", b"")
    assert bench.names() == ["orders"], "they are read again"


def test_many_rules_are_put_back_in_several_calls(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    fields = [b"nick:n%d" % number for number in range(LISTED + 1)]
    bench.read(b"1 a", b"0", *fields)
    bench.sync.newest(b"")
    bench.read(b"", b"0")
    args = bench.answer("reorder", [b"ok", LISTED]) or ()
    assert args[2] == "" and len(args) == 5 + 4 * LISTED, "the nodes are not told yet"
    args = bench.answer("reorder", [b"ok", 1]) or ()
    assert args[2] == 1 and len(args) == 5 + 4
