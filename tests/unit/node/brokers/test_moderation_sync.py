"""Moderation rules are read once for each change, and put back when Redis has lost them."""

from typing import Any

import pytest

from node.brokers.moderation_sync import LISTED, ModerationSync
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import ContextBench, args_of


class SyncBench(ContextBench):
    """A sync of moderation rules."""

    def __init__(self) -> None:
        super().__init__()
        self.settled = 0
        self.sync = ModerationSync(self.context, self._settle)

    def _settle(self) -> None:
        self.settled += 1

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


def test_departures_are_settled_at_once_when_there_are_other_rules(bench: SyncBench) -> None:
    """A moderator's program does not wait until the rooms have been told."""
    bench.sync.newest(b"1 a")
    bench.read(b"1 a", b"7", b"kick:s1")
    assert bench.settled == 0
    bench.read(b"1 a", b"0", b"room:tea")
    assert bench.settled == 1


def test_pages_of_different_changes_are_not_mixed(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    bench.read(b"1 a", b"7", b"nick:ana")
    bench.read(b"2 b", b"0", b"nick:bo")
    assert bench.rules() == [] and args_of(bench.calls[0]) == (0, b"0", LISTED)
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
        *("nick:ana", 0, b"-", b""),
        *("net:192.0.2.0/24", 0, b"-", b""),
    )
    args = bench.answer("reorder", [b"ok", 1])
    assert args == (0, "id2", 3, "net:192.0.2.0/24", 0, b"-", b"")
    assert bench.names() == ["orders"], "they are read again"


def test_many_rules_are_put_back_in_several_calls(bench: SyncBench) -> None:
    bench.sync.newest(b"1 a")
    fields = [b"nick:n%d" % number for number in range(LISTED + 1)]
    bench.read(b"1 a", b"0", *fields)
    bench.sync.newest(b"")
    bench.read(b"", b"0")
    args = bench.answer("reorder", [b"ok", LISTED]) or ()
    assert args[2] == "" and len(args) == 3 + 4 * LISTED, "the nodes are not told yet"
    args = bench.answer("reorder", [b"ok", 1]) or ()
    assert args[2] == 1 and len(args) == 3 + 4


class OrderLog:
    """What a sync logs about the orders of moderators."""

    def __init__(self, bench: SyncBench, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        self.bench = bench
        self._caplog = caplog

    def after(self, change: bytes, *rows: Any) -> list[dict[str, object]]:
        """Let these rules be in force; return the facts of the lines that follow."""
        self._caplog.clear()
        self.bench.sync.newest(change)
        self.bench.answer("orders", [change, b"0", *rows])
        names = ("order", "nick", "network", "room", "session", "seconds", "reason")
        return [
            {"line": record.msg, **{n: vars(record)[n] for n in names if n in vars(record)}}
            for record in self._caplog.records
        ]


@pytest.fixture
def orders(bench: SyncBench, caplog: pytest.LogCaptureFixture) -> OrderLog:
    return OrderLog(bench, caplog)


BAN = (b"nick:ana", 0, b"-", b'"no more"')


def test_each_order_is_logged_once(orders: OrderLog) -> None:
    orders.bench.sync.newest(b"")  # There is none when the node starts.
    first = {"line": "order of a moderator", "order": "ban", "nick": "ana", "reason": "no more"}
    assert orders.after(b"1 a", *BAN) == [first]
    room = (b"room:tea", 9000, b"e1", b"")
    assert orders.after(b"2 b", *BAN, *room) == [
        {"line": "order of a moderator", "order": "close-room", "room": "tea"}
    ]
    net = (b"net:192.0.2.0/24", 7_200_000, b"-", b"")
    assert orders.after(b"3 c", *BAN, *room, *net) == [
        {
            "line": "order of a moderator",
            "order": "ban",
            "network": "192.0.2.0/24",
            "seconds": 7200,
        }
    ]
    lifted = {"line": "a moderator lifted an order", "order": "ban", "nick": "ana"}
    assert orders.after(b"4 d", *room, *net) == [lifted | {"reason": "no more"}]


def test_an_order_that_is_given_again_for_longer_is_logged_again(orders: OrderLog) -> None:
    orders.bench.sync.newest(b"")
    short, long = ((b"nick:ana", ms, b"-", b"") for ms in (60_000, 3_600_000))
    assert len(orders.after(b"1 a", *short)) == 1
    assert orders.after(b"2 b", *short) == []
    assert len(orders.after(b"3 c", *long)) == 1


def test_the_orders_that_a_node_finds_at_its_start_are_one_line(orders: OrderLog) -> None:
    rows = [part for number in range(50) for part in (b"nick:n%d" % number, 0, b"-", b"")]
    [line] = orders.after(b"9 z", *rows)
    assert line["line"] == "orders of moderators that are in force"


def test_the_id_of_a_session_is_not_logged_as_a_whole(orders: OrderLog) -> None:
    orders.bench.sync.newest(b"")
    [line] = orders.after(b"1 a", b"kick:" + b"0123456789" * 4, 600_000, b"-", b"")
    assert (line["order"], line["session"]) == ("kick", "01234567")
