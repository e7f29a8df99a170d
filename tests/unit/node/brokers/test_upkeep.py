"""A node reaps and tidies once all others have had the time to renew their leases."""

import pytest

from node.brokers.config import BrokerConfig
from node.brokers.lease import Lease
from node.brokers.upkeep import REAPED, TIDIED, Upkeep
from node.core.model import Unavailable
from tests.unit.node.brokers.bench import ContextBench


class UpkeepBench(ContextBench):
    """Upkeep of a node that knows the chat's time."""

    def __init__(self, config: BrokerConfig | None = None) -> None:
        super().__init__(config)
        self.lease = Lease(8.0, self.context.clock, self.random_id)
        self.lease.time.update(0.0, 17_000, 0)
        self.settled = 0
        self.upkeep = Upkeep(self.context, self.lease, self._settle)

    def _settle(self) -> None:
        self.settled += 1

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass in which Redis answers, and remembers the lease."""
        end = self.time + seconds
        while True:
            self.contact.answered(self.time, self.time)
            self.contact.found(self.time, True)
            if self.time == end:
                return
            self.time = min(self.time + 1.0, end)


@pytest.fixture
def bench() -> UpkeepBench:
    return UpkeepBench(BrokerConfig(alone=True, grace=3.0, room_idle=60.0))


def test_nothing_is_ended_before_redis_has_answered_for_as_long_as_a_lease() -> None:
    bench = UpkeepBench()
    bench.pass_seconds(7.75)
    bench.upkeep.reap()
    bench.upkeep.tidy()
    assert bench.calls == [] and bench.upkeep.reaps_until() == 0
    bench.pass_seconds(0.25)
    bench.upkeep.reap()
    bench.upkeep.tidy()
    assert bench.names() == ["reap", "tidy"] and bench.upkeep.reaps_until() == 25_000


def test_a_call_says_until_when_sessions_may_be_ended(bench: UpkeepBench) -> None:
    bench.upkeep.reap()
    bench.time = 2.0
    args = bench.answer("reap", [0, 0, 0, 0]) or ()
    assert list(args[2:]) == [3000, 60_000, REAPED, 19_000]


def test_only_one_call_reaps_at_a_time(bench: UpkeepBench) -> None:
    bench.upkeep.reap()
    bench.upkeep.reap()
    assert bench.names() == ["reap"]
    bench.answer("reap", Unavailable.UNREACHABLE)
    bench.upkeep.reap()
    assert bench.names() == ["reap"]


def test_a_call_that_goes_out_after_a_break_ends_nothing() -> None:
    bench = UpkeepBench()
    bench.pass_seconds(8.0)
    bench.upkeep.reap()
    bench.upkeep.tidy()
    bench.contact.lost()
    assert [call.args() for call in bench.calls] == [None, None]
    bench.calls.clear()
    bench.pass_seconds(1.0)
    bench.upkeep.reap()
    assert bench.names() == ["reap"], "the call that was dropped does not block the next one"


def test_reaping_goes_on_until_all_is_done_and_is_logged_once(
    bench: UpkeepBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench.upkeep.reap()
    bench.answer("reap", [2, 1, 0, 1])
    assert bench.names() == ["reap"] and caplog.messages == []
    bench.answer("reap", [1, 0, 3, 0])
    gone, ended = caplog.records
    assert gone.msg == "the lease of a node expired; its sessions can be resumed here"
    assert ended.msg == "ended sessions that nobody resumed, and removed unused rooms"
    assert vars(gone)["sessions"] == 3
    assert (vars(ended)["sessions"], vars(ended)["rooms"]) == (1, 3)
    assert bench.calls == []


def test_departures_are_settled_at_once_when_something_has_ended(bench: UpkeepBench) -> None:
    bench.upkeep.reap()
    bench.answer("reap", [0, 0, 0, 0])
    assert bench.settled == 0
    for count, reply in enumerate(([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), 1):
        bench.upkeep.reap()
        bench.answer("reap", reply)
        assert bench.settled == count


def test_tidying_goes_on_while_there_is_more(bench: UpkeepBench) -> None:
    bench.upkeep.tidy()
    args = bench.answer("tidy", 1) or ()
    assert list(args[1:]) == [8000, 3000, 17_000, TIDIED]
    bench.answer("tidy", 0)
    assert bench.calls == []
