"""What a node has of each log is compared with the newest entry in Redis."""

from typing import Any

import pytest

from node.brokers.head_poll import HeadPoll
from node.core.entries import Position
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import ContextBench, RecordingEvents

TEA = Position(b"k1", 5, b"x5")


class Logs(RecordingEvents):
    """A core that follows some logs."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Position] = {"r:tea": TEA}
        self.unread: list[str] = []

    def heads(self) -> list[tuple[str, Position]]:
        return list(self.known.items())

    def seen(self, log: str) -> Position | None:
        return self.known.get(log)

    def inboxes(self) -> list[str]:
        return self.unread


class PollBench(ContextBench):
    """A poll of the heads of logs."""

    events: Logs

    def __init__(self) -> None:
        super().__init__(events=Logs())
        self.poll = HeadPoll(self.context)

    def compare(self, *row: Any) -> list[tuple[Any, ...]]:
        """Return what is reported if Redis answers so about the only log."""
        self.poll.compare()
        self.answer("top", list(row))
        told, self.events.told = self.events.told, []
        return told


@pytest.fixture
def bench() -> PollBench:
    return PollBench()


def test_a_log_that_is_as_it_is_known_is_not_reported(bench: PollBench) -> None:
    assert bench.compare(b"k1", 5, b"x5", 0) == []


@pytest.mark.parametrize(
    "row", [(b"k1", 6, b"x6"), (b"k1", 5, b"y5"), (b"k2", 5, b"x5"), (b"", b"", b"")]
)
def test_a_log_that_differs_is_reported(bench: PollBench, row: tuple[Any, ...]) -> None:
    assert bench.compare(*row, 0) == [("differs", "r:tea")]


def test_a_log_that_has_moved_on_meanwhile_is_not_reported(bench: PollBench) -> None:
    bench.poll.compare()
    bench.events.known["r:tea"] = Position(b"k1", 7, b"x7")
    bench.answer("top", [b"k1", 6, b"x6", 0])
    assert bench.events.told == []


def test_members_that_redis_lacks_are_reported_at_the_second_poll(bench: PollBench) -> None:
    bench.events.members["r:tea"] = 2
    row = (b"k1", 5, b"x5")
    assert bench.compare(*row, 1) == []
    assert bench.compare(*row, 1) == [("absent", "r:tea")]
    assert bench.compare(*row, 1) == []
    assert bench.compare(*row, 2) == [] and bench.compare(*row, 1) == []


def test_an_inbox_with_entries_is_reported_if_it_is_not_followed_yet(bench: PollBench) -> None:
    bench.events.unread = ["i:s1", "i:s2"]
    bench.poll.compare_inboxes()
    args = bench.answer("top", [b"", b"", b"", 0]) or ()
    assert args[1] == "chat:{c}:i:s1" and args[1 + args[0] :] == ("i:s1", "")
    bench.answer("top", [b"k3", 1, b"x1", 0])
    assert bench.events.told == [("differs", "i:s2")]


def test_inboxes_are_looked_for_again_if_redis_did_not_answer(bench: PollBench) -> None:
    bench.events.unread = ["i:s1"]
    bench.poll.compare_inboxes()
    bench.answer("top", Unavailable.UNREACHABLE)
    bench.events.known = {}
    assert bench.compare(b"k3", 1, b"x1", 0) == [("differs", "i:s1")]
    bench.poll.compare()
    assert bench.calls == []


def test_each_log_is_compared_by_a_call_of_its_own(bench: PollBench) -> None:
    """Each may be at another server, and one that is away delays no other."""
    bench.events.known = {"r:tea": TEA, "r:den": TEA}
    bench.poll.compare()
    args = bench.answer("top", Unavailable.UNREACHABLE) or ()
    assert args[1 + args[0] :] == ("r:tea", b"k1")
    bench.answer("top", [b"k1", 6, b"x6", 0])
    assert bench.events.told == [("differs", "r:den")] and bench.calls == []
