"""Clocks of servers are compared, and it is told when they are too far apart."""

import pytest

from node.brokers.malformed import LOG_EVERY, ProblemLog
from node.brokers.server_clocks import APART, ServerClocks
from node.brokers.slot_map import SLOTS, SlotMap
from node.core.model import Unavailable
from node.telemetry.metrics import Metrics
from tests.unit.node.brokers.bench import ContextBench


class Bench(ContextBench):
    """A seed, and two masters with a half of the slots each."""

    def __init__(self) -> None:
        super().__init__(servers=3)
        self.slots = SlotMap()
        for number in (1, 2):
            self.slots.number(("host", number))
        self.slots.move(range(SLOTS // 2), 1)
        self.slots.move(range(SLOTS // 2, SLOTS), 2)
        problems = ProblemLog(Metrics(), lambda: self.time)
        self.clocks = ServerClocks(self.context, self.slots, problems)

    def compare(self, *seconds: float) -> float:
        """Let servers tell these times; return by how much they are found to differ."""
        self.clocks.look()
        assert self.names() == ["time"] * len(seconds)
        for time in seconds:
            self.answer("time", round(time * 1000))
        return self.context.counts.clocks_apart


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_clocks_that_agree_are_not_mentioned(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.compare(1e9, 1e9 + APART) == APART
    bench.time += 10
    assert bench.compare(1e9 + 10, 1e9 + 9.5) == 0.5
    assert caplog.messages == []


def test_clocks_that_are_apart_are_logged_once_a_minute(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for time in (0.0, LOG_EVERY / 2, LOG_EVERY):
        bench.time = time
        assert bench.compare(1e9 + 61 + time, 1e9 + time) == 61
    text = "the clock of the server redis1:6379 is 61 s ahead of that of redis2:6379: see to both"
    assert caplog.messages == [text] * 2


def test_a_clock_is_not_compared_with_what_others_told_earlier(bench: Bench) -> None:
    """The node's own clock stands still while its machine sleeps."""
    assert bench.compare(1e9, 1e9) == 0
    bench.time += 10
    bench.clocks.look()
    bench.answer("time", Unavailable.UNREACHABLE)
    bench.answer("time", round((1e9 + 610) * 1000))
    assert bench.context.counts.clocks_apart == 0


def test_a_server_that_keeps_no_slot_any_more_is_forgotten(bench: Bench) -> None:
    assert bench.compare(1e9, 1e9 + 99) == 99
    bench.slots.move(range(SLOTS), 1)
    assert bench.compare(1e9) == 0
